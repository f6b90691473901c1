import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DriveError } from '../errors.ts';

/**
 * A directory of ours on an opened disk, made when it is missing. Each part of its path is a real directory: a link
 * planted there could redirect writing, or deleting, to a place outside the disk.
 * @param path below `top`
 * @returns its full path
 * @throws DriveError when anything else has that name; nothing was changed then
 */
export async function ownDirectory(top: string, path: string, mode = 0o700): Promise<string> {
  let here = top;
  for (const part of path.split('/')) {
    here = join(here, part);
    if (!(await isOwnDirectory(here, path))) await mkdir(here, { mode });
  }
  return here;
}

/** {@link ownDirectory} for reading: makes no missing directory. @throws DriveError */
export async function assertOwnDirectories(top: string, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    let here = top;
    for (const part of path.split('/')) {
      here = join(here, part);
      if (!(await isOwnDirectory(here, path))) break;
    }
  }
}

/** False when the path does not exist. */
async function isOwnDirectory(full: string, path: string): Promise<boolean> {
  try {
    if ((await lstat(full)).isDirectory()) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  throw new DriveError(
    'EXB_STRANGE_INSIDE',
    `On the disk, ${path} is not a directory, but a link or another file. Nothing was written there.`,
    'extbackup never creates such a file. Look at it with: extbackup mount ; and find out who had access to the disk.',
  );
}
