import { readdir } from 'node:fs/promises';
import { partialDir } from '../rsync/arguments.ts';
import { bytesOf } from './checksum-entry.ts';

/** A plain file of the mirror, or a directory that the disk cannot read. Each byte of the path is one character. */
export interface Found {
  readonly path: string;
  readonly kind: 'file' | 'unreadable-directory';
}

/**
 * The plain files below a directory in the order of `comparePaths`, from a path on. Skips everything before that path
 * without reading it, so a start in the middle of a large tree is cheap. Follows no link, and leaves out what is too
 * deep for one call of the kernel: nothing can read it back by its path.
 */
export async function* walk(root: Buffer, from: string): AsyncGenerator<Found> {
  yield* walkBelow(root, '', from === '' ? [] : from.split('/'));
}

async function* walkBelow(root: Buffer, prefix: string, from: readonly string[]): AsyncGenerator<Found> {
  const entries = await list(root, prefix);
  if (entries === undefined) {
    yield { path: prefix, kind: 'unreadable-directory' };
    return;
  }
  const [first, ...rest] = from;
  const room = longest - root.length - 1;
  for (const { name, isDirectory } of entries) {
    if (first !== undefined && name < first) continue;
    const path = prefix === '' ? name : `${prefix}/${name}`;
    if (path.length > room) continue;
    if (!isDirectory) yield { path, kind: 'file' };
    else if (name !== partialDir) yield* walkBelow(root, path, name === first ? rest : []);
  }
}

/** Most bytes of a path in one call of the kernel (PATH_MAX without its end, see path_resolution(7)). */
const longest = 4_095;

/** Error codes of a failing disk. */
export const mediumErrors: readonly (string | undefined)[] = [
  'EIO',
  'EBADMSG',
  'EUCLEAN',
  'ENODATA',
  'EREMOTEIO',
  'ETIMEDOUT',
];

/** Sorted; undefined when the disk cannot read the directory. */
async function list(
  root: Buffer,
  prefix: string,
): Promise<{ readonly name: string; readonly isDirectory: boolean }[] | undefined> {
  try {
    const entries = await readdir(Buffer.concat([root, bytesOf(prefix === '' ? '' : `/${prefix}`)]), {
      withFileTypes: true,
      encoding: 'latin1',
    });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isFile())
      .map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return []; // deleted meanwhile
    if (mediumErrors.includes(code)) return undefined;
    throw error;
  }
}
