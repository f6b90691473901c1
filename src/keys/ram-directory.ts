import { chmod, chown, lstat, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { mountAt } from '../disk/mounts.ts';

/** Type of ramfs in statfs(2). */
const ramfsMagic = 0x858458f6;

/**
 * Whether a directory or file is on ramfs, which the kernel never swaps out (unlike tmpfs). False for a missing one.
 */
export async function isOnRamfs(path: string): Promise<boolean> {
  try {
    return (await statfs(path)).type === ramfsMagic;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** The place of a secret; `disk` is everything except ramfs. */
export type SecretPlace = 'ramfs' | 'disk' | 'nowhere';

/** The place of the file with a secret. An empty file holds no secret. */
export async function placeOf(
  file: string,
  onRamfs: (file: string) => Promise<boolean> = isOnRamfs,
): Promise<SecretPlace> {
  try {
    if ((await stat(file)).size === 0) return 'nowhere';
  } catch (error) {
    if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error; // only root can check
    return 'nowhere';
  }
  return (await onRamfs(file)) ? 'ramfs' : 'disk';
}

/**
 * Makes sure that `directory` is a ramfs that only root can enter; mounts it when nothing is mounted there.
 * @throws UsageError when something else is mounted or stored there: a key must never reach a disk
 */
export async function ensureRamfs(start: StartProgram, directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true, mode: 0o755 });
  await mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  if (!(await lstat(directory)).isDirectory()) {
    throw new UsageError(
      `${directory} is not a directory, so the key cannot be kept there.`,
      'Remove it and try again.',
    );
  }
  const mount = await mountAt(directory);
  if (mount === undefined) {
    if ((await readdir(directory)).length > 0) {
      throw new UsageError(
        `${directory} already holds files that are on a disk. Keys are only kept in ramfs.`,
        'Check these files, remove them (keys with: extbackup lock), and try again.',
      );
    }
    await start({
      file: '/usr/bin/mount',
      args: ['-t', 'ramfs', '-o', 'mode=0700,nodev,nosuid,noexec', 'ramfs', directory],
      timeoutMs: 20_000,
    });
  } else if (mount.fstype !== 'ramfs') {
    throw new UsageError(
      `${directory} is a ${mount.fstype}, not a ramfs, so files there may reach a disk.`,
      `Unmount it (umount ${directory}), remove its line from /etc/fstab, and try again.`,
    );
  }
  if (!(await isOnRamfs(directory))) {
    throw new UsageError(`${directory} is not on ramfs, although it was mounted.`, 'Look at the mounts: findmnt');
  }
  await chown(directory, 0, 0);
  await chmod(directory, 0o700); // an older set-up may have left it open to all users
}
