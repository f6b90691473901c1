import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Opens a file inside a disk for reading; undefined when it is missing, a link, a pipe or anything else but a plain file. */
export async function openPlainFile(file: string): Promise<FileHandle | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
  } catch (error) {
    await handle?.close();
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  await handle.close();
  return undefined;
}

/** Reads a small file inside a disk; undefined when it is no plain file, or larger than `limit` bytes. */
export async function readSmallFile(
  file: string,
  limit = 64 * 1024,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<string | undefined> {
  const handle = await openPlainFile(file);
  if (handle === undefined) return undefined;
  try {
    return (await handle.stat()).size > limit ? undefined : await handle.readFile(encoding);
  } finally {
    await handle.close();
  }
}
