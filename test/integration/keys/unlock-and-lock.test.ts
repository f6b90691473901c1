import { scryptSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { inSandbox } from './sandbox.ts';

const setup = `ready_station 'correct horse'\n`;

/** Text between `<name>` and `</name>`, which a script printed. */
const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;

describe('a station that was just set up', () => {
  let out: string;
  beforeAll(() => {
    const { stdout, stderr } = inSandbox(`umask 000; stock_openssl; mkdir -p /run/extbackup/spool
      printf 'correct horse\\n' | extbackup setup --source extbackup@localhost --password-stdin --yes --scrypt-memory 16M >/dev/null
      echo "<key>$(cat /mnt/ramfs/luks_pw)</key><salt>$(cat /etc/extbackup/salt)</salt><config>$(cat /etc/extbackup/config.yaml)</config>"
      echo "<modes>$(cd /; stat -c '%a %U %n' mnt/ramfs mnt/ramfs/* etc/extbackup/*)</modes>"
      echo "<type>$(stat -f -c %T /mnt/ramfs)</type><bytes>$(stat -c %s /mnt/ramfs/luks_pw)</bytes><spool>$(ls /run/extbackup/spool | sed 's/[0-9]*$/N/')</spool>"
      echo "<stock>$(openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -md sha256 -a -in /etc/extbackup/id_ed25519.encrypted -pass file:/mnt/ramfs/luks_pw | ssh-keygen -y -f /dev/stdin)</stock>"
      echo "<public>$(cat /etc/extbackup/id_ed25519.pub)</public><plain>$(grep -rl 'PRIVATE KEY' /etc/extbackup /run /root)</plain>"
    `);
    expect(stderr).toBe('');
    out = stdout;
  }, 60_000);

  it('has the key that scrypt gives for password and salt', () => {
    const N = Number(/N: (\d+)/.exec(part(out, 'config'))?.[1]);
    expect(N).toBe(2 ** 14);
    expect(part(out, 'key')).toBe(
      scryptSync('correct horse', Buffer.from(part(out, 'salt'), 'hex'), 64, { N, r: 8, p: 1 }).toString('hex'),
    );
    expect(part(out, 'bytes')).toBe('128');
  });

  it('keeps it in ramfs, for root alone', () => {
    expect(part(out, 'type')).toBe('ramfs');
    expect(part(out, 'modes').split('\n')).toEqual([
      '700 root mnt/ramfs',
      '600 root mnt/ramfs/id_ed25519.decrypted',
      '600 root mnt/ramfs/luks_pw',
      '600 root etc/extbackup/config.yaml',
      '600 root etc/extbackup/id_ed25519.encrypted',
      '644 root etc/extbackup/id_ed25519.pub',
      '600 root etc/extbackup/salt',
    ]);
  });

  it('has an ssh key that stock openssl opens, and no plain one on a disk', () => {
    expect(part(out, 'public')).toMatch(/^ssh-ed25519 \S+ extbackup@/);
    expect(part(out, 'stock')).toBe(part(out, 'public'));
    expect(part(out, 'plain')).toBe('');
  });

  it('has told the agent', () => {
    expect(part(out, 'spool').split('\n')).toContain('key.unlock.N');
  });
});

describe('unlock', () => {
  it('loads an ssh key that did not open the last time, without a password', () => {
    const { stdout } =
      inSandbox(`${setup} rm /mnt/ramfs/id_ed25519.decrypted; mv /etc/extbackup/id_ed25519.encrypted "$room/good"; echo torn >/etc/extbackup/id_ed25519.encrypted
      extbackup unlock </dev/null; echo "<torn>$?</torn>"; mv "$room/good" /etc/extbackup/id_ed25519.encrypted
      extbackup unlock </dev/null; echo "<good>$? $(ls -A /mnt/ramfs)</good>"
      rm /mnt/ramfs/id_ed25519.decrypted; extbackup setup --yes >/dev/null; echo "<setup>$? $(ls -A /mnt/ramfs)</setup>"`);
    expect([part(stdout, 'torn'), part(stdout, 'good'), part(stdout, 'setup')]).toEqual([
      '12',
      '0 id_ed25519.decrypted\nluks_pw',
      '0 id_ed25519.decrypted\nluks_pw',
    ]);
  });

  it('refuses a wrong password and keeps the key that is loaded', () => {
    const { stdout, stderr } = inSandbox(`${setup}
      before=$(sha256sum </mnt/ramfs/luks_pw)
      printf 'wrong horse' | extbackup unlock --password-stdin; echo "<code>$?</code>"
      [ "$before" = "$(sha256sum </mnt/ramfs/luks_pw)" ] && echo "<kept>$(ls -A /mnt/ramfs)</kept>"`);
    expect(part(stdout, 'code')).toBe('12');
    expect(part(stdout, 'kept')).toBe('id_ed25519.decrypted\nluks_pw');
    expect(stderr).toMatch(/^The password is wrong.*\nTry again/);
  });

  it('with a wrong password writes nothing where there is no key', () => {
    const { stdout } = inSandbox(`${setup} no_key
      printf 'wrong horse' | extbackup unlock --password-stdin; echo "<code>$?</code><left>$(ls -A /mnt/ramfs)</left>"`);
    expect(part(stdout, 'code')).toBe('12');
    expect(part(stdout, 'left')).toBe('');
  });

  it('asks nothing when the key is loaded, and needs a terminal or --password-stdin when it is not', () => {
    const { stdout, stderr } = inSandbox(`${setup} extbackup unlock </dev/null; echo "<loaded>$?</loaded>"; no_key
      extbackup unlock </dev/null; echo "<missing>$?</missing>"`);
    expect(part(stdout, 'loaded')).toBe('0');
    expect(part(stdout, 'missing')).toBe('2');
    expect(stderr).toContain('--password-stdin');
  });

  it('twice at once leaves one whole key', () => {
    const { stdout } = inSandbox(`${setup} before=$(sha256sum </mnt/ramfs/luks_pw); no_key
      for i in 1 2; do (printf 'correct horse' | extbackup unlock --password-stdin >/dev/null; echo "<code$i>$?</code$i>") & done; wait
      [ "$before" = "$(sha256sum </mnt/ramfs/luks_pw)" ] && echo "<left>$(ls -A /mnt/ramfs)</left>"`);
    expect([part(stdout, 'code1'), part(stdout, 'code2')]).toEqual(['0', '0']);
    expect(part(stdout, 'left')).toBe('id_ed25519.decrypted\nluks_pw');
  });

  it.each([
    ['a tmpfs', 'mkdir /mnt/ramfs; mount -t tmpfs tmpfs /mnt/ramfs', /is a tmpfs, not a ramfs/],
    ['a directory with files on a disk', 'mkdir /mnt/ramfs; echo x >/mnt/ramfs/luks_pw', /already holds files/],
    ['a link to a directory on a disk', 'ln -s /root /mnt/ramfs', /is not a directory/],
    ['a file', 'touch /mnt/ramfs', /is not a directory/],
  ])('refuses to keep the key in %s', (_, prepare, message) => {
    const { stdout, stderr } = inSandbox(
      `${prepare}; printf 'correct horse' | extbackup setup --source a@b.example.org --password-stdin --yes; echo "<code>$?</code><made>$(ls /etc/extbackup 2>/dev/null)</made>"`,
    );
    expect(part(stdout, 'code')).toBe('2');
    expect(part(stdout, 'made')).toBe('');
    expect(stderr).toMatch(message);
  });

  it.each([
    ['7 characters', "printf 'äöüßéàç'", /too short/],
    ['a file without an end', 'head -c 10000000 /dev/zero', /too long/],
    ['nothing', 'true', /is empty/],
  ])('refuses %s and writes nothing', (_, source, message) => {
    const { stdout, stderr } = inSandbox(
      `${setup} no_key; ${source} | extbackup unlock --password-stdin; echo "<code>$? $(ls -A /mnt/ramfs)</code>"`,
    );
    expect(part(stdout, 'code')).toBe('12');
    expect(stderr).toMatch(message);
  });

  it('mounts the ramfs at every boot and links the ssh key when asked, once, and never replaces a key of its own', () => {
    const { stdout } = inSandbox(`${setup} printf '/dev/sda1 / ext4 defaults 0 1' >/etc/fstab
      for i in 1 2; do extbackup unlock --fstab --link-ssh >/dev/null 2>&1; done
      echo "<fstab>$(cat /etc/fstab)</fstab><link>$(readlink /root/.ssh/id_ed25519) $(ssh-keygen -y -f /root/.ssh/id_ed25519 | cut -d' ' -f2 | cmp - <(cut -d' ' -f2 /etc/extbackup/id_ed25519.pub) && echo works)</link>"
      rm /root/.ssh/id_ed25519; echo own >/root/.ssh/id_ed25519; extbackup unlock --link-ssh 2>/dev/null; echo "<own>$? $(cat /root/.ssh/id_ed25519)</own>"`);
    expect(part(stdout, 'fstab')).toBe(
      '/dev/sda1 / ext4 defaults 0 1\nramfs /mnt/ramfs ramfs mode=0700,nodev,nosuid,noexec,nofail 0 0',
    );
    expect(part(stdout, 'link')).toBe('/mnt/ramfs/id_ed25519.decrypted works');
    expect(part(stdout, 'own')).toBe('2 own');
  });

  it('takes a first key without a check value only when told so', () => {
    const { stdout } = inSandbox(`${setup} no_key; rm /etc/extbackup/id_*; sed -i '/check:/d' /etc/extbackup/config.yaml
      printf 'some new password' | extbackup unlock --password-stdin 2>/dev/null; echo "<untold>$? $(ls /mnt/ramfs)</untold>"
      printf 'some new password' | extbackup unlock --password-stdin --first >/dev/null; echo "<told>$? $(ls /mnt/ramfs) $(grep -c check: /etc/extbackup/config.yaml)</told>"`);
    expect(part(stdout, 'untold')).toBe('12');
    expect(part(stdout, 'told')).toBe('0 luks_pw 1');
  });
});

describe('a password', () => {
  it('opens however its accents are composed, and with the newline of Unix or Windows', () => {
    const { stdout } =
      inSandbox(`printf 'u\\xcc\\x88ber die Bru\\xcc\\x88cke' | extbackup setup --source a@localhost --password-stdin --yes --scrypt-memory 16M >/dev/null; before=$(sha256sum /mnt/ramfs/*)
      no_key; printf '\\xc3\\xbcber die Br\\xc3\\xbccke\\r\\n' | extbackup unlock --password-stdin >/dev/null; echo "<code>$?</code>"; [ "$before" = "$(sha256sum /mnt/ramfs/*)" ] && echo "<same>yes</same>"`);
    expect([part(stdout, 'code'), part(stdout, 'same')]).toEqual(['0', 'yes']);
  });
});

describe('guesses', () => {
  it('queue behind each other, each for its second, also when they come at the same time', () => {
    const { stdout } = inSandbox(`${setup} no_key; start=$(date +%s%N)
      for guess in one two three; do (printf "guess number $guess" | extbackup unlock --password-stdin 2>/dev/null; echo "<$guess>$?</$guess>") & done; wait
      echo "<ms>$(( ($(date +%s%N) - start) / 1000000 ))</ms><left>$(ls -A /mnt/ramfs)</left>"`);
    expect(['one', 'two', 'three', 'left'].map((name) => part(stdout, name))).toEqual(['12', '12', '12', '']);
    expect(Number(part(stdout, 'ms'))).toBeGreaterThanOrEqual(3_000);
  });
});

describe('lock', () => {
  it('leaves no key in RAM, and files of others alone', () => {
    const { stdout } =
      inSandbox(`${setup} echo mine >/mnt/ramfs/other; exec 9</mnt/ramfs/luks_pw; extbackup lock >/dev/null
      echo "<code>$?</code><left>$(ls -A /mnt/ramfs)</left><overwritten>$(tr -d '\\0' <&9 | wc -c)</overwritten>"`);
    expect(part(stdout, 'code')).toBe('0');
    expect(part(stdout, 'left')).toBe('other');
    expect(part(stdout, 'overwritten')).toBe('0');
  });

  it('is refused during a run', () => {
    const { stdout, stderr } = inSandbox(`${setup} exec 8>/run/extbackup/device.lock; flock 8
      extbackup lock; echo "<code>$?</code><left>$(ls /mnt/ramfs)</left>"`);
    expect(part(stdout, 'code')).toBe('11');
    expect(part(stdout, 'left')).toContain('luks_pw');
    expect(stderr).toContain('A run or another command is using a disk');
  });
});

describe('a key in a directory on a disk', () => {
  it("is not used and not called loaded; doctor fails, and lock removes it but no file that may be somebody else's", () => {
    const { stdout, stderr } =
      inSandbox(`${setup} extbackup status --json | grep -o '"key":"[a-z]*"' >"$room/loaded"; cp -a /mnt/ramfs "$room/copy"; umount /mnt/ramfs
      cp -a "$room/copy/." /mnt/ramfs/; echo x >/mnt/ramfs/id_rsa.encrypted; ls -A /mnt/ramfs
      echo "<status>$(cat "$room/loaded") $(extbackup status --json | grep -o '"key":"[a-z]*"')</status><doctor>$(extbackup doctor)</doctor>"
      extbackup ssh-key rotate; echo "<rotate>$?</rotate>"; printf 'correct horse' | extbackup unlock --password-stdin; echo "<unlock>$?</unlock>"
      exec 9</mnt/ramfs/luks_pw; echo "<lock>$(extbackup lock)</lock><left>$(ls -A /mnt/ramfs)</left><overwritten>$(tr -d '\\0' <&9 | wc -c)</overwritten>"
      rm /mnt/ramfs/*; printf 'correct horse' | extbackup unlock --password-stdin >/dev/null; echo "<again>$? $(stat -f -c %T /mnt/ramfs/luks_pw)</again>"`);
    expect(part(stdout, 'status')).toBe('"key":"loaded" "key":"missing"');
    expect(part(stdout, 'doctor')).toMatch(/luks_pw lies on a disk[^]*extbackup lock/);
    expect([part(stdout, 'rotate'), part(stdout, 'unlock')]).toEqual(['12', '2']);
    expect(stderr).toMatch(/already holds files[^]*extbackup lock/);
    expect(part(stdout, 'lock')).toMatch(
      /^Removed id_ed25519\.decrypted, luks_pw from \/mnt\/ramfs, which is not a ramfs.*\n.*extbackup key change$/,
    );
    expect([part(stdout, 'left'), part(stdout, 'overwritten'), part(stdout, 'again')]).toEqual([
      'id_rsa.encrypted',
      '0',
      '0 ramfs',
    ]);
  });
});

describe('a machine that was set up by hand', () => {
  const config = `source: extbackup@localhost\nkey:\n  derivation: sha512\n  check: CHECK\nssh:\n  key: /etc/extbackup/id_rsa.encrypted\n  publicKey: /etc/extbackup/id_rsa.pub\n`;
  const byHand = (openssl: string): string => `
    mkdir -p /etc/extbackup; printf 'a.salt of öld' >/etc/extbackup/salt
    key=$(printf '%s' "a.salt of öld.pässwörd old" | sha512sum | cut -d' ' -f1)
    printf '%s' "${config}" | sed "s/CHECK/$(printf '%s' "$key" | sha1sum | cut -d' ' -f1)/" >/etc/extbackup/config.yaml; chmod 600 /etc/extbackup/config.yaml
    ssh-keygen -q -b 1024 -t rsa -m PEM -P '' -f /root/id_rsa; mv /root/id_rsa.pub /etc/extbackup/
    ${openssl.replace('PASS', 'pass:"$key"')} </root/id_rsa >/etc/extbackup/id_rsa.encrypted 2>/dev/null
    printf 'pässwörd old' | extbackup unlock --password-stdin; echo "<code>$?</code>"
    [ "$key" = "$(cat /mnt/ramfs/luks_pw)" ] && echo "<key>same</key>"; cmp /root/id_rsa /mnt/ramfs/id_rsa.decrypted && echo "<ssh>same</ssh>"`;

  it.each([
    ['md5, as openssl before 1.1.0 wrote it', 'openssl enc -e -aes-256-cbc -a -md md5 -pass PASS'],
    ['sha256, as openssl since 1.1.0 writes it', 'openssl enc -e -aes-256-cbc -a -pass PASS'],
    ['base64 in one line', 'openssl enc -e -aes-256-cbc -a -A -md sha256 -pass PASS'],
    ['no base64 at all', 'openssl enc -e -aes-256-cbc -md sha256 -pass PASS'],
    ['pbkdf2 with its default iterations', 'openssl enc -e -aes-256-cbc -a -pbkdf2 -pass PASS'],
  ])('unlocks with its own password, salt, check value and ssh key: %s', (_, openssl) => {
    const { stdout } = inSandbox(byHand(openssl));
    expect([part(stdout, 'code'), part(stdout, 'key'), part(stdout, 'ssh')]).toEqual(['0', 'same', 'same']);
  });
});

it('lock wipes the ssh key whatever it is called', () => {
  const { stdout } =
    inSandbox(`${setup} sed -i '/^ssh:/,$d' /etc/extbackup/config.yaml; mv /etc/extbackup/id_ed25519.encrypted /etc/extbackup/pull-key.encrypted
    printf 'ssh: {key: /etc/extbackup/pull-key.encrypted, publicKey: /etc/extbackup/id_ed25519.pub}\n' >>/etc/extbackup/config.yaml
    echo mine >/mnt/ramfs/notes; extbackup unlock </dev/null >/dev/null; echo "<before>$(ls /mnt/ramfs)</before>"
    extbackup lock >/dev/null; echo "<after>$? $(ls -A /mnt/ramfs)</after>"`);
  expect([part(stdout, 'before'), part(stdout, 'after')]).toEqual([
    'id_ed25519.decrypted\nluks_pw\nnotes\npull-key.decrypted',
    '0 notes',
  ]);
});
