import { describe, expect, it } from 'vitest';
import { judgeHeartbeat } from '../../../src/guard/heartbeat.ts';
import { renderServerScript } from '../../../src/setup/setup-script.ts';
import { inSandbox } from '../keys/sandbox.ts';

const ours = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBdt2Y8 extbackup@station';
const options =
  'command="sudo -n /usr/bin/python3 -I /usr/bin/rrsync -ro /home/backups",no-agent-forwarding,no-port-forwarding,no-pty,no-user-rc,no-X11-forwarding';
const command = '/usr/bin/python3 -I /usr/bin/rrsync -ro /home/backups';
const former = '%backuppers ALL=(root) NOPASSWD:SETENV: /usr/bin/rrsync -ro /home/backups';
const aliasOf = (text: string): string => /^Cmnd_Alias (EXTBACKUP_\d+) = /m.exec(text)?.[1] ?? 'no alias';
const rulesOf = (text: string): string[] => [
  `Cmnd_Alias ${aliasOf(text)} = ${command}`,
  `Defaults!${aliasOf(text)} env_keep += "SSH_ORIGINAL_COMMAND"`,
  `%backuppers ALL=(root) NOPASSWD: ${aliasOf(text)}`,
];

/** The script, and stand-ins for what only a server has; users and groups are made by the real tools in a private /etc. */
function onServer(
  story: string,
  publicKeys: readonly string[] = [ours],
  heartbeat?: { id: string; file: string; timer?: boolean },
  more: { remove?: boolean; dryRun?: boolean; sharedUser?: boolean } = {},
): ReturnType<typeof inSandbox> {
  const script = renderServerScript({
    directory: '/home/backups',
    user: 'extbackup',
    publicKeys,
    ...(heartbeat && { heartbeat }),
    ...more,
  })
    .replace('beat=/usr/local/sbin/', 'beat=/home/local/sbin/')
    .replace('rrsync=/usr/bin/rrsync\n', 'rrsync=/usr/bin/rrsync\ntest_rrsync=$ROOM/bin/rrsync\n')
    .replace('python=$(command -v python3)', 'python=/usr/bin/python3; command -v python3 >/dev/null')
    .replaceAll('[ -x "$rrsync" ]', '[ -x "$test_rrsync" ]')
    .replaceAll('head -n 1 "$rrsync"', 'head -n 1 "$test_rrsync"');
  return inSandbox(`
    export ROOM=$room PATH=$room/bin:$PATH
    mkdir -p /etc/sudoers.d /home/backups
    stand_in() { printf '#!/bin/sh\\n%s\\n' "$2" >"$room/bin/$1"; chmod +x "$room/bin/$1"; }
    printf '#!/usr/bin/python3\\n' >"$room/bin/rrsync"; chmod +x "$room/bin/rrsync"
    stand_in rsync 'exit 0'
    stand_in sudo 'case "$*" in "-n ${command}") ;; *) exit 9;; esac; [ "$SSH_ORIGINAL_COMMAND" = true ] && [ ! -e "$ROOM/sudo-refuses" ] || { echo "sudo: a password is required"; exit 1; }'
    stand_in python3 'exit 0'
    stand_in su 'shift 3; exec sh "$@"'
    stand_in visudo '[ ! -e "$ROOM/visudo-refuses" ]'
    cat >"$room/script" <<'END-OF-SCRIPT'\n${script}\nEND-OF-SCRIPT
    run() { sh "$room/script"; echo "<code>$?</code>"; }
    everything() { find /etc /home -xdev -printf '%p %T@ %i %m %u %s\\n' | sort; }
    keys=/home/extbackup/.ssh/authorized_keys
    ${story}`);
}

describe("the server's script", () => {
  it('makes the user, its right and its key, and the second time changes nothing, not even a time', () => {
    const { stdout, stderr } =
      onServer(`run; cat "$keys" /etc/sudoers.d/extbackup; stat -c '%a %U %n' "$keys" /home/extbackup/.ssh /etc/sudoers.d/extbackup
      id -nG extbackup; getent passwd extbackup | cut -d: -f6-; cut -d: -f1,2 /etc/shadow | grep extbackup
      everything >"$room/before"; echo SECOND; run; everything | diff "$room/before" - && echo UNCHANGED`);
    expect(stderr).toBe('');
    const [first, second] = stdout.split('SECOND\n');
    expect(first?.split('\n')).toEqual(
      expect.arrayContaining([
        'extbackup: made the group backuppers',
        'extbackup: made the user extbackup',
        '<code>0</code>',
        `${options} ${ours}`,
        ...rulesOf(first ?? ''),
        '600 extbackup /home/extbackup/.ssh/authorized_keys',
        '700 extbackup /home/extbackup/.ssh',
        '440 root /etc/sudoers.d/extbackup',
        '/home/extbackup:/bin/sh',
        'extbackup:*',
      ]),
    );
    expect(first).toMatch(/^extbackup backuppers$/m);
    expect(second?.split('\n')).toEqual([
      'extbackup: everything was in place; nothing was changed',
      'extbackup: extbackup may now read /home/backups with rrsync, and nothing else',
      '<code>0</code>',
      'UNCHANGED',
      '',
    ]);
  });

  it("replaces this station's line and leaves others, comments and their order alone", () => {
    const { stdout, stderr } = onServer(
      `useradd -m -s /bin/sh extbackup; mkdir /home/extbackup/.ssh; chown extbackup: /home/extbackup/.ssh
      printf '%s\\n' '# extbackup@station was here' 'ssh-rsa AAAAold extbackup@other' 'command="x" ssh-ed25519 AAAAprevious extbackup@station' 'ssh-rsa AAAAlast a@b' >"$keys"
      run >"$room/said"; cat "$keys"; id -nG extbackup; cat "$room/said" >&2`,
      [ours],
      undefined,
      { sharedUser: true },
    );
    expect(stderr).toContain('this replaced the key of extbackup@station that ends with previous');
    expect(stdout.trim().split('\n')).toEqual([
      '# extbackup@station was here',
      'ssh-rsa AAAAold extbackup@other',
      `${options} ${ours}`,
      'ssh-rsa AAAAlast a@b',
      'extbackup backuppers',
    ]);
  });

  it('keeps the old key beside the new one while a key is being replaced', () => {
    const next = 'ssh-ed25519 AAAAnext extbackup@station';
    const { stdout } = onServer('run >/dev/null; cat "$keys"', [ours, next]);
    expect(stdout.trim().split('\n')).toEqual([`${options} ${ours}`, `${options} ${next}`]);
  });

  it('keeps rules that are in the sudoers file already, and says when one is wider than needed', () => {
    const { stdout } = onServer(
      `echo '%backuppers ALL= NOPASSWD:SETENV: /usr/bin/rrsync' >/etc/sudoers.d/extbackup; run; cat /etc/sudoers.d/extbackup`,
    );
    expect(stdout).toContain('older line that allows /usr/bin/rrsync on every directory');
    expect(stdout.trim().split('\n').slice(-4)).toEqual([
      '%backuppers ALL= NOPASSWD:SETENV: /usr/bin/rrsync',
      ...rulesOf(stdout),
    ]);
  });

  it('takes a sudoers file whose last line has no end', () => {
    const { stdout } = onServer(
      `printf '%%backuppers ALL= NOPASSWD: /bin/true' >/etc/sudoers.d/extbackup; run; cat /etc/sudoers.d/extbackup`,
    );
    expect(stdout.trim().split('\n').slice(-4)).toEqual(['%backuppers ALL= NOPASSWD: /bin/true', ...rulesOf(stdout)]);
  });

  it('never makes a rule live that visudo refuses', () => {
    const { stdout, stderr } = onServer('touch "$room/visudo-refuses"; run; ls -A /etc/sudoers.d | grep -v README');
    expect(stdout).toContain('<code>1</code>');
    expect(stdout.trim().endsWith('<code>1</code>')).toBe(true);
    expect(stderr).toContain('was not accepted');
  });

  it('only warns when the directory is not there yet, for example because it is not mounted', () => {
    const { stdout, stderr } = onServer('rmdir /home/backups; run; ls /home');
    expect(stdout).toContain('<code>0</code>\nextbackup\n');
    expect(stderr).toContain('the directory /home/backups does not exist yet');
  });

  it('takes the place of the rule of an earlier version, which let the user set any variable', () => {
    const alone = onServer(`groupadd backuppers; useradd -m -s /bin/sh -G backuppers extbackup
      echo '${former}' >/etc/sudoers.d/extbackup; run; cat /etc/sudoers.d/extbackup`);
    expect(alone.stdout.trim().split('\n').slice(-3)).toEqual(rulesOf(alone.stdout));
    expect(alone.stdout).not.toContain('SETENV: ');
    const shared =
      onServer(`groupadd backuppers; useradd -m -s /bin/sh -G backuppers extbackup; useradd -G backuppers other
      echo '${former}' >/etc/sudoers.d/extbackup; run; cat /etc/sudoers.d/extbackup`);
    expect(shared.stdout).toContain(former);
    expect(shared.stdout).toContain('note: /etc/sudoers.d/extbackup also holds an older rule with SETENV');
  });

  it("refuses somebody's account, unless told, and says when it has a password", () => {
    const somebody = `useradd -m -s /bin/bash -p '$6$salt$hash' extbackup; mkdir /home/extbackup/.ssh
      echo 'ssh-ed25519 AAAAmine me@desk' >"$keys"; run; cat "$keys"`;
    const refused = onServer(somebody);
    expect(refused.stdout).toContain('<code>1</code>\nssh-ed25519 AAAAmine me@desk\n');
    expect(refused.stderr).toContain("so it is somebody's account");
    const told = onServer(somebody, [ours], undefined, { sharedUser: true });
    expect(told.stdout).toContain('<code>0</code>');
    expect(told.stdout).toContain('note: extbackup has a password');
  });

  it('changes nothing in a dry run, and tells what it would do', () => {
    const { stdout, stderr } = onServer(
      'everything >"$room/before"; run; everything | diff "$room/before" - && echo UNCHANGED',
      [ours],
      undefined,
      { dryRun: true },
    );
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'extbackup: would have made the group backuppers',
      'extbackup: would have made the user extbackup',
      `extbackup: would have allowed the group backuppers to run: ${command}`,
      "extbackup: would have written the station's key; nothing was changed",
      '<code>0</code>',
      'UNCHANGED',
    ]);
  });

  it('takes everything back, and what other stations need stays', () => {
    const removal = renderServerScript({
      directory: '/home/backups',
      user: 'extbackup',
      publicKeys: [ours],
      remove: true,
    });
    const remove = `remove() { sh "$room/removal"; echo "<code>$?</code>"; }; cat >"$room/removal" <<'END-OF-REMOVAL'\n${removal}\nEND-OF-REMOVAL\n`;
    const alone = onServer(`${remove} cp /etc/passwd "$room/passwd"; cp /etc/group "$room/group"; run >/dev/null; remove
      diff "$room/passwd" /etc/passwd && diff "$room/group" /etc/group && ls -A /etc/sudoers.d /home | grep -v README; remove`);
    expect(alone.stderr).toBe('');
    expect(alone.stdout.trim().split('\n')).toEqual([
      "extbackup: removed the station's key from /home/extbackup/.ssh/authorized_keys",
      'extbackup: removed the user extbackup and /home/extbackup',
      'extbackup: removed /etc/sudoers.d/extbackup',
      'extbackup: removed the group backuppers',
      '<code>0</code>',
      '/etc/sudoers.d:',
      '',
      '/home:',
      'backups',
      'extbackup: nothing of this station was here',
      '<code>0</code>',
    ]);
    const other = 'command="sudo -n x" ssh-ed25519 AAAAother extbackup@other';
    const shared = onServer(
      `${remove} run >/dev/null; echo '${other}' >>"$keys"; remove; cat "$keys"; id -nG extbackup; ls -A /etc/sudoers.d`,
    );
    expect(shared.stdout).toContain(
      `other keys are left, so the account, the group and the rules of sudo stay\n<code>0</code>\n${other}\nextbackup backuppers\n`,
    );
    expect(shared.stdout).toMatch(/^extbackup$/m);
  });

  it('takes no rules away from another account of the group', () => {
    const removal = renderServerScript({
      directory: '/home/backups',
      user: 'extbackup',
      publicKeys: [ours],
      remove: true,
    });
    const { stdout } = onServer(
      `cat >"$room/removal" <<'END-OF-REMOVAL'\n${removal}\nEND-OF-REMOVAL
      run >/dev/null; useradd -G backuppers photos; before=$(md5sum </etc/sudoers.d/extbackup); sh "$room/removal"
      [ "$before" = "$(md5sum </etc/sudoers.d/extbackup)" ] && echo KEPT; getent group backuppers | cut -d: -f4; cat "$keys"`,
    );
    expect(stdout).toContain('other accounts are in the group backuppers');
    expect(stdout).toMatch(/KEPT\nextbackup,photos\n$/);
  });

  it('says when the forced command does not work', () => {
    const { stdout, stderr } = onServer('touch "$room/sudo-refuses"; run');
    expect(stdout).toContain('<code>1</code>');
    expect(stderr).toContain('the forced command does not work: sudo: a password is required');
  });

  describe('with a heartbeat', () => {
    const heartbeat = { id: 'main-backup', file: '.extbackup-heartbeat' };
    const beat = '/home/local/sbin/extbackup-heartbeat';
    const maxAge = 60_000;

    it("installs what the server's own backup calls, and the second time changes nothing", () => {
      const { stdout, stderr } = onServer(
        `run; stat -c '%a %U %n' ${beat}; ls -A /home/local/sbin
        everything >"$room/before"; echo SECOND; run; everything | diff "$room/before" - && echo UNCHANGED`,
        [ours],
        heartbeat,
      );
      expect(stderr).toBe('');
      const [first, second] = stdout.split('SECOND\n');
      expect(first?.split('\n')).toEqual(
        expect.arrayContaining([`extbackup: wrote ${beat}`, '<code>0</code>', `755 root ${beat}`]),
      );
      expect(first?.trim().split('\n').at(-1)).toBe('extbackup-heartbeat');
      expect(second).toContain('everything was in place; nothing was changed');
      expect(second).toMatch(/UNCHANGED\n$/);
    });

    it('writes what a station takes, each time anew, and through no link that stands in the way', () => {
      const { stdout, stderr } = onServer(
        `run >/dev/null; cd /home/backups; echo kept >/home/kept
        ln -s /home/kept .extbackup-heartbeat; ln -s /home/kept .extbackup-heartbeat.new
        ${beat}; echo "<code>$?</code>"; ${beat}; echo "<code>$?</code>"; cat /home/kept; ls -A; stat -c '%a %F' .extbackup-heartbeat; echo CONTENT; cat .extbackup-heartbeat`,
        [ours],
        heartbeat,
      );
      expect(stderr).toBe('');
      const [before, content] = stdout.split('CONTENT\n');
      expect(before?.trim().split('\n')).toEqual([
        '<code>0</code>',
        '<code>0</code>',
        'kept',
        '.extbackup-heartbeat',
        '644 regular file',
      ]);
      expect(judgeHeartbeat(content, { ...heartbeat, maxAge }, new Date())).not.toHaveProperty('trouble');
      expect(judgeHeartbeat(content, { ...heartbeat, id: 'other-backup', maxAge }, new Date())).toMatchObject({
        trouble: 'foreign',
      });
    });

    it('fails, and leaves nothing, where the directory is not there', () => {
      const { stdout } = onServer(
        `run >/dev/null; rmdir /home/backups; ${beat} 2>/dev/null; echo "<code>$?</code>"; ls /home`,
        [ours],
        heartbeat,
      );
      expect(stdout).toMatch(/^<code>[1-9]\d*<\/code>\nextbackup\nlocal\n$/);
    });

    it('is mended when somebody changed it, but not taken from a station with another id', () => {
      const { stdout, stderr } = onServer(
        `run >/dev/null; chmod 0777 ${beat}; echo '# more' >>${beat}; run; stat -c '%a' ${beat}; grep -c more ${beat}
        sed -i "s/^id=.*/id='other-backup'/" ${beat}; everything >"$room/before"; echo OTHER; run; everything | diff "$room/before" - && echo UNCHANGED`,
        [ours],
        heartbeat,
      );
      const [mended, other] = stdout.split('OTHER\n');
      expect(mended?.trim().split('\n').slice(-3)).toEqual(['<code>0</code>', '755', '0']);
      expect(other?.trim().split('\n')).toEqual(['<code>1</code>', 'UNCHANGED']);
      expect(stderr).toContain('with another id');
    });

    it('is refreshed by a timer only while there is anything new, where that is wanted', () => {
      const { stdout, stderr } = onServer(
        `stand_in systemctl 'echo "systemctl $*"; case $* in *is-*) [ -e "$ROOM/timer" ];; *enable*) touch "$ROOM/timer";; esac'
        run | grep -v made; cat /etc/systemd/system/extbackup-heartbeat.service | grep ExecStart; everything >"$room/before"; echo SECOND; run; everything | diff "$room/before" - && echo UNCHANGED
        cd /home/backups; echo BEATS
        ${beat} --if-changed; ls -A; mkdir d; echo a >d/a; ${beat} --if-changed; ls -A
        look() { cut -c1-4 .extbackup-heartbeat | tail -1; }
        age() { touch -d 2020-01-01 .extbackup-heartbeat; sed -i 's/^20..-/2020-/' .extbackup-heartbeat; touch -d "$1" .extbackup-heartbeat; }
        age '+1 minute'; ${beat} --if-changed; look; age '-1 minute'; ${beat} --if-changed; look | grep -v 2020`,
        [ours],
        { ...heartbeat, timer: true },
      );
      expect(stderr).toBe('');
      const [first, second, beats] = stdout.split(/SECOND\n|BEATS\n/);
      expect(first).toContain(`ExecStart=${beat} --if-changed`);
      expect(first).toMatch(
        /systemctl daemon-reload\n(?:.*\n)*systemctl enable --now extbackup-heartbeat\.timer\nsystemctl start extbackup-heartbeat\.service\n/,
      );
      expect(second).toContain('everything was in place; nothing was changed');
      expect(second).not.toMatch(/reload|enable /);
      expect(second).toMatch(/UNCHANGED\n$/);
      expect(beats?.trim().split('\n')).toEqual([
        '.extbackup-heartbeat',
        'd',
        '2020',
        new Date().toISOString().slice(0, 4),
      ]);
    });

    it('is not installed when nobody asked for it', () => {
      expect(onServer('run >/dev/null; ls /home').stdout).toBe('backups\nextbackup\n');
    });
  });

  it.each([
    ['rrsync is missing', 'rm "$room/bin/rrsync"', /rrsync is missing/],
    ['the user may not log in', 'useradd -m -s /usr/sbin/nologin extbackup', /a shell that refuses logins/],
    ['the user is root under another name', 'useradd -o -u 0 -m -s /bin/sh extbackup', /is root under another name/],
  ])('changes nothing when %s', (_, prepare, message) => {
    const { stdout, stderr } = onServer(
      `${prepare}; everything >"$room/before"; run; everything | diff "$room/before" - && echo UNCHANGED`,
    );
    expect(stdout.trim().split('\n')).toEqual(['<code>1</code>', 'UNCHANGED']);
    expect(stderr).toMatch(message);
  });
});
