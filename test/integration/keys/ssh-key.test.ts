import { expect, it } from 'vitest';
import { killAtStep } from '../rekey/kill-at-step.ts';
import { inSandbox } from './sandbox.ts';

const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;
/** Nothing listens on port 1: a server that lets nobody in. */
const setup = `ready_station 'correct horse'
  sed -i 's/^source: .*/source: extbackup@127.0.0.1\\nport: 1/' /etc/extbackup/config.yaml\n`;

it('a new ssh key goes to the server beside the old one, which stays in use until the new one has worked', () => {
  const { stdout, stderr } = inSandbox(`${setup} cp /etc/extbackup/id_ed25519.pub "$room/old"
    extbackup ssh-key rotate >/dev/null; echo "<start>$?</start><server>$(extbackup server-setup | sed -n "/^keys=/,/'$/p")</server>"
    extbackup ssh-key rotate; echo "<finish>$? $(cmp "$room/old" /etc/extbackup/id_ed25519.pub && echo same)</finish><next>$(cut -d' ' -f1,2 /etc/extbackup/id_next.pub)</next>"
    no_key; printf 'correct horse' | extbackup unlock --password-stdin >/dev/null
    echo "<loaded>$(ssh-keygen -y -f /mnt/ramfs/id_ed25519.decrypted | cut -d' ' -f1,2)</loaded><old>$(cut -d' ' -f1,2 "$room/old")</old>"`);
  expect(part(stdout, 'start')).toBe('0');
  expect(part(stdout, 'server').match(/ssh-ed25519 \S+ extbackup@/g)).toHaveLength(2);
  expect(part(stdout, 'server')).toContain(part(stdout, 'next'));
  expect(part(stdout, 'finish')).toBe('13 same');
  expect(stderr).toContain('does not accept the new ssh key yet');
  expect(part(stdout, 'loaded')).toBe(part(stdout, 'old'));
});

it('a lost ssh key is replaced at once', () => {
  const { stdout } =
    inSandbox(`${setup} short_rsa_keys; cp /etc/extbackup/id_ed25519.pub "$room/old"; echo damaged >/etc/extbackup/id_ed25519.encrypted
    no_key; printf 'correct horse' | extbackup unlock --password-stdin; echo "<unlock>$? $(ls /mnt/ramfs)</unlock>"
    extbackup ssh-key rotate --lost --key-type rsa >/dev/null; echo "<lost>$? $(ls /etc/extbackup | tr '\\n' ' ')</lost><ram>$(ls /mnt/ramfs)</ram>"
    echo "<pair>$(ssh-keygen -y -f /mnt/ramfs/id_rsa.decrypted | cut -d' ' -f1,2)</pair><public>$(cut -d' ' -f1,2 /etc/extbackup/id_rsa.pub)</public>"; extbackup server-setup | grep -c '^keys=.ssh-rsa '`);
  expect(part(stdout, 'unlock')).toBe('12 luks_pw');
  expect(part(stdout, 'lost')).toMatch(/^0 config\.yaml .*id_rsa\.encrypted id_rsa\.pub salt$/);
  expect(part(stdout, 'ram')).toBe('id_rsa.decrypted\nluks_pw');
  expect(part(stdout, 'pair')).toBe(part(stdout, 'public'));
  expect(stdout.trim().endsWith('1')).toBe(true);
});

it('a rotation that is killed between the two halves of the new key is completed by the next unlock', () => {
  const { stdout } = inSandbox(`${setup} cp /etc/extbackup/id_ed25519.pub "$room/old"; cat >"$room/kill.mjs" <<'END'
${killAtStep}
END
    KILL_AT='rename /etc/extbackup/id_next.encrypted /' STEPS=/run/steps "$NODE" --import "$room/kill.mjs" "$PROGRAM/cli.js" ssh-key rotate --lost >/dev/null; echo "<killed>$? $(cd /etc/extbackup; ls id_*)</killed>"
    no_key; printf 'correct horse' | extbackup unlock --password-stdin >/dev/null; echo "<unlock>$? $(cd /etc/extbackup; ls id_*)</unlock>"
    ssh-keygen -y -f /mnt/ramfs/id_ed25519.decrypted | cut -d' ' -f1,2 | cmp - <(cut -d' ' -f1,2 /etc/extbackup/id_ed25519.pub) && echo "<new>$(cmp -s "$room/old" /etc/extbackup/id_ed25519.pub || echo new)</new>"`);
  expect(part(stdout, 'killed')).toBe('137 id_ed25519.encrypted\nid_ed25519.pub\nid_next.encrypted');
  expect(part(stdout, 'unlock')).toBe('0 id_ed25519.encrypted\nid_ed25519.pub');
  expect(part(stdout, 'new')).toBe('new');
});

it('a public half that belongs to another key is refused', () => {
  const { stdout, stderr } =
    inSandbox(`${setup} ssh-keygen -q -t ed25519 -N '' -f "$room/other"; cp "$room/other.pub" /etc/extbackup/id_ed25519.pub
    no_key; printf 'correct horse' | extbackup unlock --password-stdin; echo "<code>$? $(ls -A /mnt/ramfs)</code>"`);
  expect(part(stdout, 'code')).toBe('12 luks_pw');
  expect(stderr).toContain('does not belong to');
});

it('convert brings an old container into the form that stock openssl opens by the documented command', () => {
  const { stdout } =
    inSandbox(`${setup} stock_openssl; openssl enc -e -aes-256-cbc -a -md md5 -pass file:/mnt/ramfs/luks_pw </mnt/ramfs/id_ed25519.decrypted >/etc/extbackup/id_ed25519.encrypted 2>/dev/null
    extbackup ssh-key convert; echo "<code>$?</code>"
    openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -md sha256 -a -in /etc/extbackup/id_ed25519.encrypted -pass file:/mnt/ramfs/luks_pw | cmp - /mnt/ramfs/id_ed25519.decrypted && echo "<stock>same</stock>"; stat -c '<mode>%a</mode>' /etc/extbackup/id_ed25519.encrypted`);
  expect([part(stdout, 'code'), part(stdout, 'stock'), part(stdout, 'mode')]).toEqual(['0', 'same', '600']);
});
