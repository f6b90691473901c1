import { mkdir } from 'node:fs/promises';
import { BusyError } from '../errors.ts';
import { lockFile } from '../system/file-lock.ts';
import { files, type Paths } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';

/**
 * Lets only one process at a time change the keys in RAM.
 * @throws BusyError when another process holds the lock for more than a minute, for example at a prompt
 */
export async function withKeyLock<T>(paths: Paths, work: () => Promise<T>): Promise<T> {
  requireRoot('touch the keys');
  await mkdir(paths.run, { recursive: true, mode: 0o700 });
  const lock = await lockFile(files.keyLock(paths), 60_000);
  if (!lock) throw new BusyError('Another process is changing the keys.', 'Try again when it has ended.');
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
