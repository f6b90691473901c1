import { lstat } from 'node:fs/promises';

/** Joins a directory and a path below it, in bytes: names need not be UTF-8. */
export const below = (directory: Buffer, path: Buffer): Buffer =>
  path.length === 0 ? directory : Buffer.concat([directory, Buffer.from('/'), path]);

/** The type of an entry; undefined when it does not exist. Symbolic links are not followed. */
export async function kindOf(path: Buffer): Promise<'directory' | 'other' | undefined> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * Checks whether a path stays inside a tree: every directory on the way is a real one, not a link to another place.
 * Remembers the last directory, because neighbours usually follow one another.
 */
export function createInsideCheck(root: Buffer): (path: Buffer) => Promise<boolean> {
  let known: Buffer | undefined;
  return async (path) => {
    const parent = path.subarray(0, Math.max(0, path.lastIndexOf('/')));
    if (known?.equals(parent) === true) return true;
    let end = -1;
    do {
      end = path.indexOf('/', end + 1);
      if (end > 0 && (await kindOf(below(root, path.subarray(0, end)))) !== 'directory') return false;
    } while (end >= 0);
    known = Buffer.from(parent);
    return true;
  };
}
