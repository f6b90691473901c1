import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import type { DoomedFile } from '../guard/guard.ts';
import { isInside } from '../history/change-log.ts';
import { below, createInsideCheck } from '../history/inside.ts';
import { throwIfCancelled } from '../system/undo.ts';

/** From this length of a path on, its directory is opened: one call of the kernel takes at most 4,095 bytes (PATH_MAX). */
const farPath = 2_000;

/**
 * All entries at and below a path, except directories. Follows no link; entries that disappear meanwhile are left out.
 * @param path in bytes: names need not be UTF-8
 */
export async function* filesBelow(path: Buffer, signal: AbortSignal): AsyncGenerator<DoomedFile> {
  throwIfCancelled(signal);
  const facts = await ifThere(() => lstat(path));
  if (facts === undefined) return;
  if (!facts.isDirectory()) {
    yield { name: path.subarray(path.lastIndexOf(0x2f) + 1).toString('latin1'), size: facts.isFile() ? facts.size : 0 };
    return;
  }
  if (path.length < farPath) {
    yield* filesIn(path, signal);
    return;
  }
  const directory = await ifThere(() => open(path, directoryOnly));
  if (directory === undefined) return;
  try {
    yield* filesIn(Buffer.from(`/proc/self/fd/${String(directory.fd)}`), signal);
  } finally {
    await directory.close();
  }
}

const directoryOnly = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

async function* filesIn(directory: Buffer, signal: AbortSignal): AsyncGenerator<DoomedFile> {
  for (const name of (await ifThere(() => readdir(directory, { encoding: 'buffer' }))) ?? [])
    yield* filesBelow(Buffer.concat([directory, Buffer.from('/'), name]), signal);
}

async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** How many files are below a directory, and their size. */
export async function countFiles(root: Buffer, signal: AbortSignal): Promise<{ files: number; bytes: number }> {
  const sum = { files: 0, bytes: 0 };
  for await (const { size } of filesBelow(root, signal)) {
    sum.files += 1;
    sum.bytes += size;
  }
  return sum;
}

/** @param paths below `root`, as rsync names them; a path that leads out of it is ignored */
export async function sizesOf(root: Buffer, paths: readonly Buffer[], signal: AbortSignal): Promise<DoomedFile[]> {
  const found: DoomedFile[] = [];
  const leadsInside = createInsideCheck(root);
  for (const path of paths) {
    if (!isInside(path) || !(await leadsInside(path))) continue;
    for await (const file of filesBelow(below(root, path), signal)) found.push(file);
  }
  return found;
}
