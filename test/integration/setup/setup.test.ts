import { describe, expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';

const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;
const setup = `printf 'correct horse\\n' | extbackup setup --source extbackup@localhost --password-stdin --yes --scrypt-memory 16M`;
/** What that leaves behind. */
const station = `ready_station 'correct horse'\n`;

describe('setup', () => {
  it('again changes nothing but what it is told to', () => {
    const { stdout, stderr } = inSandbox(`${station}
      look() { (cd /etc/extbackup; sha256sum salt id_*; sha256sum /mnt/ramfs/*; stat -c '%n %i %Y' salt id_*); }
      look >"$room/before"; extbackup setup --port 2222 --source other@backup.example.org:data --yes >/dev/null; echo "<code>$?</code>"; look | diff "$room/before" - && echo "<same>yes</same>"
      echo "<config>$(grep -E '^(source|port)' /etc/extbackup/config.yaml)</config>"`);
    expect(stderr).toBe('');
    expect(part(stdout, 'code')).toBe('0');
    expect(part(stdout, 'same')).toBe('yes');
    expect(part(stdout, 'config')).toBe('source: other@backup.example.org:data\nport: 2222');
  });

  it('with another password keeps the one that is there, and names the command that changes it', () => {
    const { stdout, stderr } =
      inSandbox(`${station} cp -a /etc/extbackup "$room/before"; before=$(sha256sum /mnt/ramfs/*)
      printf 'another password' | extbackup setup --source other@elsewhere --port 2222 --password-stdin --yes; echo "<code>$?</code>"; diff -r "$room/before" /etc/extbackup && [ "$before" = "$(sha256sum /mnt/ramfs/*)" ] && echo "<same>yes</same>"
      printf 'short' | extbackup setup --password-stdin --yes; echo "<short>$?</short>"
      no_key; extbackup setup --source other@elsewhere --yes </dev/null; echo "<mute>$? $(diff -r "$room/before" /etc/extbackup && echo same)</mute>"`);
    expect([part(stdout, 'code'), part(stdout, 'same'), part(stdout, 'short'), part(stdout, 'mute')]).toEqual([
      '12',
      'yes',
      '12',
      '2 same',
    ]);
    expect(stderr).toMatch(
      /^This station is set up already, with another password; .*\nGive the present password, or set a new one: extbackup key change\n/,
    );
    expect(stderr).toContain('too short');
    expect(stderr).not.toContain('extbackup unlock');
  });

  it('that was interrupted before the settings were written goes on with the salt and the ssh key that are there', () => {
    const { stdout } = inSandbox(`${station} cp -a /etc/extbackup "$room/before"; no_key; rm /etc/extbackup/config.yaml
      printf 'a slip of the hand' | extbackup setup --source a@localhost --password-stdin --yes --scrypt-memory 16M; echo "<wrong>$? $(ls /mnt/ramfs; ls /etc/extbackup/config.yaml 2>/dev/null)</wrong>"
      ${setup} >/dev/null; echo "<right>$?</right>"; diff -r "$room/before" /etc/extbackup && echo "<same>yes</same>"`);
    expect(part(stdout, 'wrong')).toBe('12');
    expect(part(stdout, 'right')).toBe('0');
    expect(part(stdout, 'same')).toBe('yes');
  });

  it('makes the same key on a new station from the salt of the sheet, as docs/recovery.md has it', () => {
    const { stdout } =
      inSandbox(`${setup} --sheet "$room/sheet" >/dev/null; sha256sum </mnt/ramfs/luks_pw >"$room/before"
      umount /mnt/ramfs; rm -r /etc/extbackup; mkdir -m 700 /etc/extbackup
      sed -n 's/^Salt  *\\([0-9a-f]\\{64\\}\\)$/\\1/p' "$room/sheet" | install -m 600 /dev/stdin /etc/extbackup/salt
      ${setup} >/dev/null; echo "<code>$?</code>"; sha256sum </mnt/ramfs/luks_pw | diff "$room/before" - && echo "<same>yes</same>"`);
    expect(part(stdout, 'code')).toBe('0');
    expect(part(stdout, 'same')).toBe('yes');
  });

  it('with too short a password writes nothing', () => {
    const { stdout } = inSandbox(
      `printf 'short' | extbackup setup --source a@localhost --password-stdin --yes; echo "<code>$? $(ls /etc/extbackup 2>/dev/null; ls -A /mnt/ramfs)</code>"`,
    );
    expect(part(stdout, 'code')).toBe('12');
  });

  it('says when the salt is lost, and never makes another one', () => {
    const { stdout, stderr } = inSandbox(
      `${station} rm /etc/extbackup/salt; extbackup setup --yes; echo "<code>$?</code>"; ls /etc/extbackup/salt`,
    );
    expect(part(stdout, 'code')).toBe('2');
    expect(stdout).not.toContain('/etc/extbackup/salt');
    expect(stderr).toContain('The salt is missing');
  });

  it('makes an rsa key when asked', () => {
    const { stdout } = inSandbox(
      `short_rsa_keys; ${setup} --key-type rsa >/dev/null
      "$room/keygen" -lf /etc/extbackup/id_rsa.pub; ls /mnt/ramfs; grep -c -e '-t rsa -b 4096' /run/asked`,
    );
    expect(stdout).toMatch(/^1024 SHA256:\S+ extbackup@\S+ \(RSA\)\nid_rsa\.decrypted\nluks_pw\n1\n$/);
  });

  it.each([
    ['--source backup.example.org', /is not USER@HOST/],
    ['', /backup server is not known/],
    ['--source a@b --host-key SHA256:short', /must look like SHA256/],
    ['--source a@b --port 0', /from 1 to 65535/],
  ])('with %j says what is wrong and writes nothing', (flags, message) => {
    const { stdout, stderr } = inSandbox(
      `printf 'correct horse' | extbackup setup ${flags} --password-stdin --yes; echo "<code>$?</code><made>$(ls /etc/extbackup 2>/dev/null)</made>"`,
    );
    expect([part(stdout, 'code'), part(stdout, 'made')]).toEqual(['2', '']);
    expect(stderr).toMatch(message);
  });
});

describe('the end of setup', () => {
  const salt = '"$(cat /etc/extbackup/salt)"';

  it('is the recovery sheet with the salt, until somebody confirms that it is printed', () => {
    const { stdout } = inSandbox(
      `mkdir -p /run/state; mount --bind /run/state /var/lib; ${setup} --sheet - >"$room/shown"; grep -c ${salt} "$room/shown" | sed 's/.*/<shown>&<\\/shown>/'
      echo "<words>$(cat "$room/shown")</words><doctor>$(extbackup doctor | grep -A1 ' salt-copy ')</doctor>"
      extbackup recovery-sheet --confirm; echo "<file>$(stat -c %a /var/lib/extbackup/salt-copy.json; grep -c ${salt} /var/lib/extbackup/salt-copy.json)</file>"
      echo "<quiet>$(extbackup doctor | grep ' salt-copy ')</quiet><again>$(extbackup setup --yes --sheet - | grep -c ${salt})</again>"
      printf 'another horse' | extbackup key change --password-stdin --scrypt-memory 16M; echo "<changed>$(extbackup doctor | grep ' salt-copy ')</changed>"
      echo "<anew>$(extbackup setup --yes --sheet - | grep -c ${salt})</anew>"`,
      300_000,
    );
    expect(Number(part(stdout, 'shown'))).toBeGreaterThan(0);
    expect(part(stdout, 'words')).toMatch(/Without the salt on it nobody opens the disks[^]*recovery-sheet --confirm/);
    expect(part(stdout, 'doctor')).toMatch(/^WARN .*Nobody has confirmed[^]*recovery-sheet --confirm/);
    expect(part(stdout, 'file')).toBe('600\n0');
    expect(part(stdout, 'quiet')).toMatch(/^ok .*was printed/);
    expect(part(stdout, 'again')).toBe('0');
    expect(part(stdout, 'changed')).toMatch(/^WARN .*has changed since/);
    expect(Number(part(stdout, 'anew'))).toBeGreaterThan(0);
    const [, fingerprint] = /fingerprint (\w+) was printed/.exec(stdout) ?? [];
    expect(part(stdout, 'words')).toContain(`Salt fingerprint  ${String(fingerprint)}`);
  });

  it('prints no salt into a log, and says how to print the sheet', () => {
    const { stdout } = inSandbox(
      `${setup} >"$room/log" 2>&1; echo "<code>$?</code><salts>$(grep -c ${salt} "$room/log")</salts><log>$(cat "$room/log")</log>"`,
    );
    expect([part(stdout, 'code'), part(stdout, 'salts')]).toEqual(['0', '0']);
    expect(part(stdout, 'log')).toMatch(/not printed here: without a terminal[^]*\n {2}extbackup recovery-sheet\n/);
  });

  it('never waits for a pipe that somebody names as a file, and replaces no device', () => {
    const { stdout, stderr } = inSandbox(`mkfifo "$room/pipe"
      n=0; try() { timeout 60 "$NODE" "$PROGRAM/cli.js" "$@" </dev/null >/dev/null; code=$?; n=$((n + 1)); echo "<$n>$code</$n>"; }
      try --config "$room/pipe" setup --source a@localhost --yes; try --config /dev/zero setup --source a@localhost --yes
      try setup --answers "$room/pipe"; try setup --adopt "$room/pipe" --yes
      ${setup} --sheet "$room/pipe" >/dev/null; echo "<sheet>$? $(stat -c %F "$room/pipe")</sheet>"`);
    expect(['1', '2', '3', '4'].map((name) => part(stdout, name))).toEqual(['2', '2', '2', '2']);
    expect(part(stdout, 'sheet')).toBe('2 fifo');
    expect(stderr.match(/is not a plain file\./g)).toHaveLength(4);
  });

  it('writes the sheet for root alone where it is told to', () => {
    const { stdout } = inSandbox(`umask 022; ${setup} --sheet "$room/sheet" >"$room/shown"
      echo "<mode>$(stat -c %a "$room/sheet")</mode><in>$(grep -c ${salt} "$room/sheet")</in><shown>$(grep -c ${salt} "$room/shown")</shown>"
      extbackup recovery-sheet --without-salt >"$room/bare" 2>"$room/told"; echo "<bare>$(grep -c ${salt} "$room/bare")</bare><told>$(cat "$room/told")</told>"`);
    expect([part(stdout, 'mode'), part(stdout, 'shown'), part(stdout, 'bare')]).toEqual(['600', '0', '0']);
    expect(Number(part(stdout, 'in'))).toBeGreaterThan(0);
    expect(part(stdout, 'told')).toMatch(/^THE SALT IS LEFT OUT/);
  });
});

describe('setup --adopt', () => {
  const byHand = `
    mkdir -p /root/.ssh /root/sbin
    key=$(printf '%s' 'old salt!.pässwörd old' | sha512sum | cut -d' ' -f1)
    printf '%s\\n' '#!/bin/bash' "SALT='old salt!'" "SHA1_CHECK='$(printf '%s' "$key" | sha1sum | cut -d' ' -f1)'" '# … | sha512sum' >/root/sbin/build-key
    printf '%s\\n' 'BKUP_SERVER=backup.example.org' 'BKUP_USER=puller' >/root/sbin/run-backup
    ssh-keygen -q -t rsa -b 1024 -m PEM -N '' -f /root/.ssh/id_rsa
    openssl enc -e -aes-256-cbc -a -md md5 -pass pass:"$key" </root/.ssh/id_rsa >/root/.ssh/id_rsa.encrypted 2>/dev/null
    mv /root/.ssh/id_rsa "$room/plain"
    printf 'backup.example.org %s\\n' "$(cut -d' ' -f1,2 /root/.ssh/id_rsa.pub)" >/root/.ssh/known_hosts; ssh-keygen -q -H -f /root/.ssh/known_hosts >/dev/null 2>&1; rm /root/.ssh/known_hosts.old
    find /root -type f | sort | xargs sha256sum >"$room/before"\n`;

  it('takes salt, check value, ssh key and host key, and leaves the old files as they are', () => {
    const { stdout } =
      inSandbox(`${byHand} printf 'pässwörd old' | extbackup setup --adopt /root/sbin --password-stdin --yes; echo "<code>$?</code>"
      [ "$(cat /mnt/ramfs/luks_pw)" = "$key" ] && echo "<key>same</key>"; cmp "$room/plain" /mnt/ramfs/id_rsa.decrypted && echo "<ssh>same</ssh>"
      find /root -type f | sort | xargs sha256sum | diff "$room/before" - && echo "<old>same</old>"
      cmp /root/.ssh/id_rsa.encrypted /etc/extbackup/id_rsa.encrypted && echo "<copy>same</copy>"; echo "<hosts>$(cut -d' ' -f1,2 /etc/extbackup/known_hosts)</hosts>"; grep ^source /etc/extbackup/config.yaml
      echo "<left>$(extbackup doctor | grep -A1 ' old-files')</left>"; rm /root/sbin/build-key /root/.ssh/id_rsa.encrypted; echo "<gone>$(extbackup doctor | grep ' old-files')</gone>"`);
    expect(part(stdout, 'left')).toMatch(/^WARN .*\/root\/sbin\/build-key, \/root\/.ssh\/id_rsa.encrypted[^]*shred -u/);
    expect(part(stdout, 'gone')).toMatch(/^ok /);
    expect(['code', 'key', 'ssh', 'old', 'copy'].map((name) => part(stdout, name))).toEqual([
      '0',
      'same',
      'same',
      'same',
      'same',
    ]);
    expect(part(stdout, 'hosts')).toBe('backup.example.org ssh-rsa');
    expect(stdout).toContain('source: puller@backup.example.org');
    expect(stdout).toContain('extbackup drive adopt');
  });

  it('writes nothing with a wrong password, and refuses a machine that has settings already', () => {
    const { stdout } =
      inSandbox(`${byHand} printf 'not the password' | extbackup setup --adopt /root/sbin --password-stdin --yes; echo "<wrong>$? $(ls /mnt/ramfs /etc/extbackup 2>/dev/null | grep -v :)</wrong>"
      printf 'pässwörd old' | extbackup setup --adopt /root/sbin --password-stdin --yes >/dev/null; echo "<right>$?</right>"
      printf 'pässwörd old' | extbackup setup --adopt /root/sbin --password-stdin --yes; echo "<again>$?</again>"
      printf 'pässwörd old' | extbackup unlock --password-stdin >/dev/null; echo "<unlock>$?</unlock>"`);
    expect([part(stdout, 'wrong'), part(stdout, 'right'), part(stdout, 'again'), part(stdout, 'unlock')]).toEqual([
      '12',
      '0',
      '2',
      '0',
    ]);
  });
});
