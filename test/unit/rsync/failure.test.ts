import { describe, expect, it } from 'vitest';
import { classifyRsync, pullError } from '../../../src/rsync/failure.ts';

describe('why rsync failed', () => {
  it.each([
    [
      255,
      'ssh: connect to host backup port 22: Connection refused\r\nrsync: connection unexpectedly closed',
      'network',
    ],
    [255, 'ssh: Could not resolve hostname backup: Name or service not known', 'network'],
    [
      255,
      'No ED25519 host key is known for backup and you have requested strict checking.\r\nHost key verification failed.',
      'host-key',
    ],
    [255, '@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\nHost key verification failed.', 'host-key'],
    [255, 'extbackup@backup: Permission denied (publickey).', 'login'],
    [
      12,
      'rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]\nrsync error: error in rsync protocol data stream (code 12)',
      'network',
    ],
    [12, '/usr/bin/rrsync: error: sending to this server is not allowed.\nrsync error: (code 12)', 'refused'],
    [12, 'sudo: a password is required\nrsync error: (code 12)', 'refused'],
    [23, 'rsync: [sender] change_dir "/backups/none" failed: No such file or directory (2)', 'no-directory'],
    [30, 'rsync error: timeout in data send/receive (code 30)', 'network'],
    [
      11,
      'rsync: [receiver] write failed on "x": No space left on device (28)\nrsync error: error in file IO (code 11)',
      'disk-full',
    ],
    [11, 'rsync: [receiver] write failed on "x": Input/output error (5)', 'disk-error'],
    [23, 'rsync: [receiver] mkstemp "x" failed: Read-only file system (30)', 'disk-error'],
    [23, 'rsync: [sender] read errors mapping "x": Input/output error (5)', 'gaps'],
    [23, 'rsync: [sender] send_files failed to open "x": Permission denied (13)', 'gaps'],
    [
      2,
      'protocol version mismatch -- is your shell clean?\n(see the rsync manpage for an explanation)\nrsync error: protocol incompatibility (code 2) at compat.c(622) [Receiver=3.4.1]',
      'no-rsync',
    ],
    [1, 'rsync: --nonsense: unknown option', 'failed'],
  ] as const)('exit %i with %j', (exitCode, stderr, trouble) => {
    expect(classifyRsync(exitCode, stderr)).toBe(trouble);
  });

  it('never repeats what rsync said, which may name files', () => {
    const error = pullError('disk-full', 'extbackup@backup.example.org', new Error('secret-name'));
    expect(`${error.message} ${error.todo}`).not.toContain('secret-name');
  });
});
