import { describe, expect, it } from 'vitest';
import { pullError, troubleOfDisk } from '../../../src/rsync/failure.ts';

describe('the words of a failed pull', () => {
  it('never repeat what rsync said, which may name files', () => {
    const error = pullError('disk-full', 'extbackup@backup.example.org', new Error('secret-name'));
    expect(`${error.message} ${error.todo}`).not.toContain('secret-name');
  });

  it('send an account problem to the script that repairs it', () => {
    for (const trouble of ['account-expired', 'password-expired', 'sudo-tty', 'no-python'] as const)
      expect(pullError(trouble, 'a@b', undefined).todo).toContain('extbackup server-setup');
  });
});

describe('what the disk did not take', () => {
  it.each([
    [{ code: 'ENOSPC' }, 'disk-full'],
    [{ code: 'EIO' }, 'disk-error'],
    [{ code: 'EROFS' }, 'disk-error'],
    [{ code: 'ENODEV' }, 'disk-error'],
    [{ code: 'Unknown system error -117', errno: -117 }, 'disk-error'],
    [{ code: 'ENOENT' }, undefined],
    [new Error('a bug'), undefined],
  ])('%j', (error, trouble) => {
    expect(troubleOfDisk(error)).toBe(trouble);
  });
});
