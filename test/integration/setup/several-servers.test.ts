import { expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';

/** A station of three sources on two servers, one of which has a second user; `ssh` lets in whom a server's file names. */
const station = `
ready_station 'correct horse'
sed -i 's/^source: .*/sources:\\n  - {name: office, source: "extbackup@one:office"}\\n  - {name: letters, source: "extbackup@one:letters"}\\n  - {name: photos, source: photographer@one}\\n  - {name: mail, source: extbackup@two, attestation: {id: mail-server}}/' /etc/extbackup/config.yaml
mkdir -p "$room/logins/nothing"; mount --bind "$room/logins" /usr/local/share # seen in the box of ssh
cat >"$room/bin/ssh" <<'END'
#!/bin/bash
while [ $# -gt 0 ]; do case "$1" in -l) user=$2; shift 2;; -i) identity=$2; shift 2;; -p|-o|-F) shift 2;; -*) shift;; *) host=$1; shift; break;; esac; done
key=$(ssh-keygen -y -f "$identity" | cut -d' ' -f2)
grep -qsF "$key" "/usr/local/share/$user@$host" || { echo "$user@$host: Permission denied (publickey)." >&2; exit 255; }
cd /usr/local/share/nothing && exec "$@"
END
chmod 755 "$room/bin/ssh"; mount --bind "$room/bin/ssh" /usr/bin/ssh
tell() { extbackup server-setup "$@" | sed -n "/^keys='/,/'$/p"; }
`;
const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;

it('a new ssh key is put into use when every user on every server lets it in, and not before', () => {
  const { stdout, stderr } = inSandbox(`${station} cp /etc/extbackup/id_ed25519.pub "$room/old"
    for login in extbackup@one photographer@one extbackup@two; do cp "$room/old" "/usr/local/share/$login"; done
    echo "<start>$(extbackup ssh-key rotate)</start>"
    tell --source office >/usr/local/share/extbackup@one
    extbackup ssh-key rotate >/dev/null; echo "<two>$? $(cmp "$room/old" /etc/extbackup/id_ed25519.pub && echo old)</two>"
    tell --source photos >/usr/local/share/photographer@one
    extbackup ssh-key rotate >/dev/null; echo "<one>$? $(cmp "$room/old" /etc/extbackup/id_ed25519.pub && echo old)</one>"
    tell --source mail >/usr/local/share/extbackup@two
    echo "<finish>$(extbackup ssh-key rotate)</finish><new>$(cmp -s "$room/old" /etc/extbackup/id_ed25519.pub || echo new)</new>"
    for source in office photos mail; do echo "<$source>$(tell --source $source | grep -c ssh-)</$source>"; done
    ssh-keygen -y -f /mnt/ramfs/id_ed25519.decrypted | cut -d' ' -f1,2 | cmp - <(cut -d' ' -f1,2 /etc/extbackup/id_ed25519.pub) && echo '<loaded>new</loaded>'`);
  const commands = ['office | ssh root@one sh', 'photos | ssh root@one sh', 'mail | ssh root@two sh'].map(
    (rest) => `extbackup server-setup --source ${rest}`,
  );
  for (const place of ['start', 'finish'])
    for (const command of commands) expect(part(stdout, place)).toContain(`\n  ${command}`);
  expect(part(stdout, 'two')).toBe('13 old');
  expect(stderr).toContain('The servers photographer@one, extbackup@two do not accept the new ssh key yet');
  expect(part(stdout, 'one')).toBe('13 old');
  expect(stderr).toContain('The server extbackup@two does not accept the new ssh key yet');
  for (const command of commands) expect(stderr).toContain(command);
  expect([part(stdout, 'new'), part(stdout, 'loaded')]).toEqual(['new', 'new']);
  expect(['office', 'photos', 'mail'].map((source) => part(stdout, source))).toEqual(['1', '1', '1']);
});

it('server-setup prints what the server of the named source has to know, and asks for a name where that differs', () => {
  const { stdout, stderr } = inSandbox(`${station}
    about() { extbackup server-setup "$@" | grep -E "^(user|directory|heartbeat_id)=" | tr '\\n' ' '; }
    extbackup server-setup >/dev/null; echo "<none>$?</none>"
    echo "<office>$(about --source office)</office><photos>$(about --source photos --directory /photos)</photos><mail>$(about --source mail --heartbeat)</mail>"
    extbackup server-setup --source photos --heartbeat >/dev/null; echo "<heartless>$?</heartless>"
    extbackup server-setup --source nobody >/dev/null; echo "<nobody>$?</nobody>"
    echo "<user>$(about --user somebody)</user>"`);
  expect(part(stdout, 'none')).toBe('2');
  expect(stderr).toContain('--source NAME, with NAME one of office, letters, photos, mail');
  expect(part(stdout, 'office')).toBe("user='extbackup' directory='/backups' heartbeat_id=''");
  expect(part(stdout, 'photos')).toBe("user='photographer' directory='/photos' heartbeat_id=''");
  expect(part(stdout, 'mail')).toBe("user='extbackup' directory='/backups' heartbeat_id='mail-server'");
  expect(part(stdout, 'heartless')).toBe('2');
  expect(part(stdout, 'nobody')).toBe('2');
  expect(stderr).toContain('The settings have no source nobody.');
  expect(part(stdout, 'user')).toBe("user='somebody' directory='/backups' heartbeat_id=''");
});

it('setup names the command for each user on each server', () => {
  const { stdout } = inSandbox(
    `${station} echo "<steps>$(printf 'correct horse' | extbackup setup --password-stdin --yes)</steps>"`,
  );
  for (const command of [
    '--source office --directory /backups | ssh root@one sh',
    '--source photos --directory /backups | ssh root@one sh',
    '--source mail --directory /backups | ssh root@two sh',
  ]) {
    expect(part(stdout, 'steps')).toContain(`  extbackup server-setup ${command}`);
  }
});
