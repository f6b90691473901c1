import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';

const driver = join(import.meta.dirname, '../../lab/on-guest/at-a-terminal.py');
const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;

type Step = [words: string, answer: string];
/** A shell command: a person calls `extbackup setup`, waits for words and types answers. */
const person = (flags: string, ...steps: Step[]): string =>
  `/usr/bin/python3 ${driver} "$NODE" "$PROGRAM/cli.js" setup --scrypt-memory 16M ${flags} <<'STEPS'\n${JSON.stringify(steps)}\nSTEPS\n`;

/**
 * A server on this machine, at port 2222: something that greets like ssh, a host key, and an ssh that lets the station
 * do what was said to `allow`: it runs in a box, and sees no file of the test.
 */
const server = `
mkdir -p /run/state; mount --bind /run/state /var/lib
cat >"$room/bin/greeter" <<'END'
import socket
door = socket.create_server(('127.0.0.1', 2222))
while True:
    guest = door.accept()[0]
    guest.sendall(b'SSH-2.0-OpenSSH_10.0\\r\\n')
    guest.close()
END
/usr/bin/python3 "$room/bin/greeter" & greeter=$!
trap 'kill $greeter' EXIT
ssh-keygen -q -t ed25519 -N '' -f "$room/hostkey"
printf '#!/bin/sh\\nprintf "[localhost]:2222 %%s\\\\n" "$(cut -d" " -f1,2 %s)"\\n' "$room/hostkey.pub" >"$room/bin/ssh-keyscan"
cat >"$room/ssh" <<'END'
#!/bin/sh
case "ALLOWED:$*" in
  :*) echo 'extbackup@localhost: Permission denied (publickey).' >&2; exit 255 ;;
  all:*echo*) echo extbackup-shell-is-open ;;
  read:*-nr*) echo 'rrsync error: sending to read-only server is not allowed' >&2; exit 1 ;;
  read:*--sender*) cd /usr/share/base-files; exec rsync --server --sender -de.LsfxCIvu . . ;;
  *) exit 1 ;;
esac
END
allow() { sed "s/ALLOWED/$1/" "$room/ssh" >"$room/bin/ssh"; }
allow ''; chmod 755 "$room/bin/ssh" "$room/bin/ssh-keyscan"
for tool in ssh ssh-keyscan; do mount --bind "$room/bin/$tool" /usr/bin/$tool; done
`;
const password: Step[] = [
  ['New password', 'one two three four\r'],
  ['same again', 'one two three four\r'],
];

describe('setup at a terminal', () => {
  it('asks again after each slip, tries host and port at once, and ends with the sheet', () => {
    const { stdout } = inSandbox(`${server}
      ${person(
        '',
        ['Backup server', 'backup\n'],
        ['The user is missing', ''],
        ['Backup server', 'extbackup@no-such-host.invalid\n'],
        ['ssh port: [22]', '\n'],
        ['no-such-host.invalid is not known', ''],
        ['later? [y/N]', '\n'],
        ['[extbackup@no-such-host.invalid]', 'extbackup@localhost\n'],
        ['ssh port: [22]', '2222\n'],
        ['shows: SHA256', ''],
        ['keys of your server? [y/N]', 'y\n'],
        ['go without a backup', 'often\n'],
        ['is no time span', ''],
        ['[35d]', '10d\n'],
        ['be told of news', '\n'],
        ['[/backups]', '/srv/data\n'],
        ['New password', 'one two three four\r'],
        ['same again', 'one two three\r'],
        ['two passwords differ', ''],
        ...password,
        ['server-setup --directory /srv/data | ssh root@localhost sh', ''],
        ['server-setup --directory /srv/data > extbackup-server.sh', ''],
        ['has run there', 'later\n'],
        ['Plug in the disk', 'later\n'],
        ['recovery-sheet --confirm', ''],
        ['the first disk', ''],
      )} echo "<code>$?</code>"
      echo "<settings>$(grep -E '^(source|port| +every)' /etc/extbackup/config.yaml)</settings><pinned>$(grep -c ssh-ed25519 /etc/extbackup/known_hosts)</pinned>"`);
    expect(part(stdout, 'code')).toBe('0');
    expect(part(stdout, 'settings')).toBe('source: extbackup@localhost\nport: 2222\n  every: 10d');
    expect(part(stdout, 'pinned')).toBe('1');
    expect(stdout).toMatch(
      /Found on this machine:\r\n  (?:ok|FAIL) .*rograms[^]*ramfs[^]*(?:WARN|ok) .*clock[^]*No USB disk[^]*No earlier set-up/,
    );
    expect(stdout).toMatch(/Salt +[0-9a-f]{64}/);
  });

  it.each([
    ['the server', [['Backup server', '\u0003']]],
    ['the host key', [['keys of your server?', '\u0003']]],
    [
      'the cadence',
      [
        ['keys of your server?', 'y\n'],
        ['go without', '\u0003'],
      ],
    ],
    [
      'the password',
      [
        ['keys of your server?', 'y\n'],
        ['go without', '\n'],
        ['told of news', '\n'],
        ['/backups', '\n'],
        ['New pass', '\u0003'],
      ],
    ],
  ] as [string, Step[]][])('leaves nothing after Ctrl-C at the question for %s', (where, steps) => {
    const flags = where === 'the server' ? '' : '--source extbackup@localhost --port 2222';
    const { stdout } = inSandbox(`${server} ${person(flags, ...steps)} echo "<code>$?</code>"
      echo "<left>$(ls -A /etc/extbackup /mnt/ramfs /var/lib/extbackup 2>/dev/null | grep -v :)</left>"`);
    expect([part(stdout, 'code'), part(stdout, 'left')]).toEqual(['130', '']);
  });

  it('offers what is there the second time, and tries that the server allows reading and nothing else', () => {
    const again = (...steps: Step[]): string =>
      person(
        '--no-sheet',
        ['localhost]', '\n'],
        ['port: [2222]', '\n'],
        ['[35d]', '\n'],
        ['told of news', '\n'],
        ...steps,
        ['Plug in the disk', 'later\n'],
        ['first disk', ''],
      );
    const { stdout } = inSandbox(`${server}
      printf 'one two three four' | extbackup setup --source extbackup@localhost --port 2222 --trust-host-key --password-stdin --yes --scrypt-memory 16M >/dev/null
      cp -a /etc/extbackup "$room/before"
      ${again(['has run there', '\n'], ["does not accept this station's ssh key", ''], ['has run there', 'later\n'])} echo "<first>$?</first>"
      allow all
      ${again(['has run there', '\n'], ['runs any command', ''], ['has run there', 'later\n'])} echo "<open>$?</open>"
      allow read
      ${again(['runs no commands for it', ''], ['only read', ''], ['can be read', ''])} echo "<good>$?</good>"
      diff -r "$room/before" /etc/extbackup && echo "<same>yes</same>"`);
    expect(['first', 'open', 'good', 'same'].map((name) => part(stdout, name))).toEqual(['0', '0', '0', 'yes']);
  });
});

describe('the first disk', () => {
  /** The machine has a used USB disk, as far as lsblk says. */
  const disk = `
cat >"$room/bin/lsblk" <<'END'
#!/bin/sh
echo '{"blockdevices":[{"kname":"sdz","path":"/dev/sdz","type":"disk","size":2000000000,"fstype":"ext4","uuid":null,"partlabel":null,"label":"PHOTOS","mountpoints":[null],"model":"Elements","serial":"WD1","tran":"usb","ro":false,"pttype":null}]}'
END
chmod 755 "$room/bin/lsblk"; mount --bind "$room/bin/lsblk" /usr/bin/lsblk
ready_station 'correct horse'; cp -a /etc/extbackup "$room/before"`;
  const upToTheDisk: Step[] = [
    ['USB disks: /dev/sdz: Elements, serial WD1, 2 GB, usb', ''],
    ['Backup server', '\n'],
    ['ssh port', '\n'],
    ['later? [y/N]', 'y\n'],
    ['go without', '\n'],
    ['told of news', '\n'],
  ];

  it.each([
    ['which disk', [['Its number', '\u0003']]],
    [
      'the label',
      [
        ['/dev/sdz: Elements, serial WD1, 2 GB, usb', ''],
        ['ext4 "PHOTOS"', ''],
        ['Its number', '7\n'],
        ['7 is not in the list', ''],
        ['Its number', '1\n'],
        ['[BACKUP_1]', 'NO SPACES\n'],
        ['cannot be the label', ''],
        ['[BACKUP_1]', '\u0003'],
      ],
    ],
  ] as [string, Step[]][])('is left alone after Ctrl-C at the question for %s', (_, steps) => {
    const { stdout } = inSandbox(`${server} ${disk}
      ${person('', ...upToTheDisk, ...steps)} echo "<code>$?</code>"
      diff -r "$room/before" /etc/extbackup && echo "<same>yes</same>"; echo "<drives>$(ls /var/lib/extbackup 2>/dev/null)</drives>"`);
    expect([part(stdout, 'code'), part(stdout, 'same'), part(stdout, 'drives')]).toEqual(['130', 'yes', '']);
    expect(stdout).toMatch(/The salt is only on this machine[^]*extbackup recovery-sheet/);
    expect(stdout).not.toMatch(/Salt +[0-9a-f]{64}/);
  });

  it('without a terminal is prepared only when it is named, and a used one not without --erase', () => {
    const { stdout, stderr } = inSandbox(`${server} ${disk}
      extbackup setup --yes --no-sheet </dev/null >"$room/unnamed" 2>&1; echo "<unnamed>$? $(grep -c 'plug in the first disk' "$room/unnamed")</unnamed>"
      extbackup setup --yes --no-sheet --disk later </dev/null >/dev/null; echo "<later>$?</later>"
      extbackup setup --yes --no-sheet --disk /dev/sdx </dev/null >/dev/null; echo "<wrong>$?</wrong>"`);
    expect(['unnamed', 'later', 'wrong'].map((name) => part(stdout, name))).toEqual(['0 1', '0', '10']);
    expect(stderr).toMatch(/\/dev\/sdx.*\n.*\/dev\/sdz/);
  });

  it('has no impossible label: that is said before anything is written', () => {
    const { stdout, stderr } = inSandbox(`printf 'one two three four' | extbackup setup --yes --password-stdin \
        --source extbackup@localhost --disk /dev/sdz --label 'two words' >/dev/null
      echo "<code>$?</code><left>$(ls -A /etc/extbackup /mnt/ramfs 2>/dev/null)</left>"`);
    expect([part(stdout, 'code'), part(stdout, 'left')]).toEqual(['2', '']);
    expect(stderr).toContain('two words');
  });
});

describe('setup --answers', () => {
  it('takes every flag from a file, and the command line before it', () => {
    const { stdout, stderr } = inSandbox(`${server}
      cat >"$room/answers" <<'END'
source: extbackup@elsewhere.invalid
port: 2222
trust-host-key: true
every: 5w
notify: mail root@localhost
password-stdin: true
yes: true
scrypt-memory: 16M
sheet: SHEET
disk: later
label: OFFICE
first-run: later
END
      sed -i "s#SHEET#$room/sheet#" "$room/answers"
      printf 'one two three four' | extbackup setup --answers "$room/answers" --source extbackup@localhost >/dev/null; echo "<code>$?</code>"
      echo "<settings>$(sed -n '/^source/p;/^port/p;/^rotation/,$p' /etc/extbackup/config.yaml)</settings><sheet>$(grep -c LUKS "$room/sheet")</sheet>"
      printf 'sorce: a@b\\nport: no\\nyes: maybe\\nfirst-run: never\\n' >"$room/answers"; extbackup setup --answers "$room/answers"; echo "<wrong>$?</wrong>"`);
    expect([part(stdout, 'code'), part(stdout, 'wrong')]).toEqual(['0', '2']);
    expect(part(stdout, 'settings')).toMatch(
      /^source: extbackup@localhost\nport: 2222\nrotation:\n {2}every: 5w\nnotify:\n {2}- type: mail\n {4}to: root@localhost\n/,
    );
    expect(Number(part(stdout, 'sheet'))).toBeGreaterThan(0);
    expect(stderr).toMatch(
      /sorce: there is no such option; port: no is no port.*; yes: It must be true or false.*first-run: .*now, later/,
    );
  });
});
