import { mkdir } from 'node:fs/promises';
import { BusyError } from '../errors.ts';
import { lockFile } from '../system/file-lock.ts';
import { files, type Paths } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';

/**
 * Runs `work` while no run can start and no other command opens a disk.
 * @throws BusyError when a run or another command holds the lock; UsageError when the user is not root
 */
export async function withDeviceLock<T>(paths: Paths, work: () => Promise<T>): Promise<T> {
  requireRoot('work on disks');
  await mkdir(paths.run, { recursive: true, mode: 0o700 });
  const lock = await lockFile(files.deviceLock(paths));
  if (!lock)
    throw new BusyError(
      'A run or another command is using a disk.',
      'Wait until it has ended: extbackup status --watch',
    );
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
