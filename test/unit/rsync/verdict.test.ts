import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { saidBySsh, saidIn, saidInPull } from '../../../src/rsync/said-line.ts';
import { verdictOf, whyNotConnected, whyNotRead, type Ended, type PullTrouble } from '../../../src/rsync/verdict.ts';

const well = { fault: undefined, shortage: undefined, nearlyFull: undefined } as const;
const full = { fault: undefined, shortage: 'blocks', nearlyFull: 'blocks' } as const;
const noInodes = { fault: undefined, shortage: 'inodes', nearlyFull: 'inodes' } as const;
const broken = { fault: 'EIO', shortage: undefined, nearlyFull: undefined } as const;

/** What follows from a trouble: old history may go, the disk is suspected, some files are missing, or none of these. */
function classOf(trouble: PullTrouble): 'room' | 'disk' | 'files' | 'transfer' {
  if (trouble === 'disk-full') return 'room';
  if (trouble === 'disk-error' || trouble === 'stuck') return 'disk';
  return trouble === 'gaps' ? 'files' : 'transfer';
}

/** A pull over a link that is up, to a disk that is well. */
const ended = (exitCode: number | undefined, stderr: string, rest: Partial<Ended> = {}): Ended => ({
  exitCode,
  link: 'up',
  disk: well,
  listed: 5,
  said: saidIn(stderr, saidInPull),
  ...rest,
});

const noSpace = 'rsync: [receiver] write failed on "x": No space left on device (28)';

describe('why a pull failed', () => {
  it.each([
    [
      'an attribute that has no room on a disk that has',
      ended(23, `rsync: [receiver] rsync_xal_set: fsetxattr("x","user.a") failed: No space left on device (28)`),
      'gaps',
    ],
    ['a full disk', ended(11, noSpace, { disk: full }), 'disk-full'],
    ['a full disk, whatever is said', ended(11, '', { disk: full }), 'disk-full'],
    [
      'no inodes left',
      ended(23, 'rsync: [receiver] mkstemp "x" failed: No space left on device (28)', { disk: noInodes }),
      'disk-full',
    ],
    ['a server that says its disk is full', ended(23, noSpace), 'gaps'],
    ['little room, while a small file fits', ended(23, noSpace, { disk: { ...well, nearlyFull: 'blocks' } }), 'gaps'],
    ['little room for what is written', ended(11, noSpace, { disk: { ...well, nearlyFull: 'blocks' } }), 'disk-full'],
    ['a file that filled the disk and is removed', ended(11, '', { disk: { ...well, usedUp: 'blocks' } }), 'disk-full'],
    ['room used up by what was copied', ended(23, noSpace, { disk: { ...well, usedUp: 'blocks' } }), 'gaps'],
    [
      'an error that only the server speaks of',
      ended(23, 'rsync: [receiver] read errors mapping "x": Input/output error (5)'),
      'gaps',
    ],
    ['a disk that the kernel counted errors of', ended(23, '', { errorsGrew: true }), 'disk-error'],
    ['a disk that does not take a file', ended(23, '', { disk: broken }), 'disk-error'],
    ['a disk that went away, while the connection broke', ended(12, '', { disk: broken }), 'disk-error'],
    [
      'more links than a file can have',
      ended(13, 'rsync: [generator] link "a" => b failed: Too many links (31)'),
      'failed',
    ],
    [
      'a file with a name of the host key',
      ended(23, 'rsync: [receiver] mkstemp "/m/Host key verification failed.txt" failed: Permission denied (13)'),
      'gaps',
    ],
    [
      'a file with a name of the login',
      ended(
        23,
        'rsync: [sender] send_files failed to open "Permission denied (publickey).log": Permission denied (13)',
      ),
      'gaps',
    ],
    ['text of the host key after the connection was made', ended(12, 'Host key verification failed.'), 'network'],
    [
      'a directory that is not there',
      ended(23, 'rsync: [sender] change_dir "/backups/none" failed: No such file or directory (2)', { listed: 0 }),
      'no-directory',
    ],
    [
      'text of such a directory, of which much came',
      ended(23, 'rsync: [sender] change_dir "/backups/none" failed: No such file or directory (2)'),
      'gaps',
    ],
    ['a refusal of rrsync', ended(12, '/usr/bin/rrsync: error: sending to this server is not allowed.'), 'refused'],
    ['sudo with a password', ended(12, 'sudo: a password is required'), 'refused'],
    ['sudo that wants a terminal', ended(12, 'sudo: sorry, you must have a tty to run sudo'), 'sudo-tty'],
    [
      'a password that has expired',
      ended(12, 'WARNING: Your password has expired.\nPassword change required but no TTY available.'),
      'password-expired',
    ],
    [
      'an account that has expired, for sudo',
      ended(
        12,
        'sudo: Account expired or PAM config lacks an "account" section for sudo, contact your system administrator',
      ),
      'account-expired',
    ],
    ['no python3', ended(12, '/usr/bin/env: ‘python3’: No such file or directory'), 'no-python'],
    ['no python3, told by the shell', ended(127, 'sh: 1: /usr/bin/python3: not found'), 'no-python'],
    ['text in place of the protocol', ended(2, 'protocol version mismatch -- is your shell clean?'), 'no-rsync'],
    ['a link that is down, whatever is said', ended(12, 'sudo: a password is required', { link: 'down' }), 'network'],
    ['a time-out', ended(30, 'sudo: a password is required'), 'network'],
    ['a pull that hangs', ended(undefined, '', { stillRuns: true, disk: undefined }), 'stuck'],
    ['a pull that stalls', ended(20, '', { stalled: true, disk: undefined }), 'stalled'],
    ['anything else', ended(1, 'rsync: --nonsense: unknown option'), 'failed'],
  ] as const)('because of %s', (_what, how, trouble) => {
    expect(verdictOf(how)).toBe(trouble);
  });

  it.each([
    ['ssh: connect to host backup port 22: Connection refused', 'network'],
    [
      'No ED25519 host key is known for backup and you have requested strict checking.\r\nHost key verification failed.',
      'host-key',
    ],
    [
      '@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\r\nOffending ED25519 key in known_hosts:1\r\nHost key verification failed.\r\n',
      'host-key',
    ],
    ['extbackup@backup: Permission denied (publickey).', 'login'],
    [
      'Your account has expired; please contact your system administrator.\nextbackup@backup: Permission denied (publickey).',
      'account-expired',
    ],
    [
      'Your account has expired; please contact your system administrator.\r\nConnection closed by 10.0.0.2 port 22\r\n',
      'account-expired',
    ],
    ['Load key "/run/identity": error in libcrypto\r\nu@backup: Permission denied (publickey).\r\n', 'login'],
    [
      'Received disconnect from 10.0.0.2 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.2 port 22',
      'login',
    ],
    // banners of a server
    ['Host key verification failed.\r\nu@backup: Permission denied (publickey).\r\n', 'login'],
    ['u@backup: Permission denied (publickey).\nConnection closed by 10.0.0.2 port 22', 'network'],
    ['Your account has expired\r\nHost key verification failed.\r\n', 'host-key'],
  ] as const)('when ssh says %j', (log, trouble) => {
    expect(whyNotConnected(log)).toBe(trouble);
    expect(whyNotRead(255, log)).toBe(trouble);
  });
});

const measured = fc.record({
  exitCode: fc.option(fc.constantFrom(1, 2, 3, 5, 10, 11, 12, 13, 20, 23, 30, 35, 126, 127, 255), { nil: undefined }),
  stillRuns: fc.boolean(),
  stalled: fc.boolean(),
  link: fc.constantFrom('not-made' as const, 'up' as const, 'down' as const, 'unknown' as const),
  disk: fc.option(fc.constantFrom(well, full, noInodes, broken, { ...well, nearlyFull: 'blocks' as const }), {
    nil: undefined,
  }),
  errorsGrew: fc.boolean(),
  listed: fc.nat(3),
});

/** What a server or a file name makes of a line: real complaints, with anything before, between and behind. */
const line = fc
  .tuple(
    fc.constantFrom(
      noSpace,
      'Host key verification failed.',
      'extbackup@backup: Permission denied (publickey).',
      'rsync: [receiver] mkstemp "x" failed: Read-only file system (30)',
      'rsync: [sender] change_dir "/backups/none" failed: No such file or directory (2)',
      'Number of files: 900,000,000 (reg: 900,000,000)',
      'sudo: a password is required',
      'rsync: [receiver] read errors mapping "x": Input/output error (5)',
    ),
    fc.string(),
    fc.string(),
  )
  .map(([text, before, after]) => [
    text,
    `${before}${text}`,
    `${text}${after}`,
    text.replace('"x"', `"${before}"${after}"`),
  ])
  .chain((all) => fc.constantFrom(...all));

describe('no text', () => {
  it('changes what follows from a failure, or makes history go', () => {
    fc.assert(
      fc.property(
        measured,
        fc.array(line, { maxLength: 6 }),
        fc.constantFrom((text: string) => saidIn(text, saidInPull), saidBySsh),
        (state, lines, read) => {
          const silent = verdictOf({ ...state, said: {} });
          const loud = verdictOf({ ...state, said: read(lines.join('\n')) });
          expect(classOf(loud)).toBe(classOf(silent));
          if (loud === 'disk-full') expect(state.disk?.nearlyFull).toBeDefined();
          if (loud === 'disk-error') expect(state.disk?.fault !== undefined || state.errorsGrew).toBe(true);
        },
      ),
    );
  });

  it('in a quoted name is read', () => {
    fc.assert(
      fc.property(line, (name) => {
        const quoted = name.replaceAll(/[\r\n]/g, '?');
        expect(saidInPull(`rsync: [receiver] mkstemp "/m/${quoted}" failed: Permission denied (13)`)).toBe('unwritten');
        expect(saidInPull(`rsync: [sender] send_files failed to open "/m/${quoted}": Permission denied (13)`)).toBe(
          'unread',
        );
      }),
    );
  });
});
