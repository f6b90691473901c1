import { lstat, readdir } from 'node:fs/promises';
import type { DoomedFile } from '../guard/guard.ts';
import { isInside } from '../history/change-log.ts';
import { below, createInsideCheck } from '../history/inside.ts';
import { throwIfCancelled } from '../system/undo.ts';

/**
 * All entries at and below a path, except directories. Follows no link; entries that disappear meanwhile are left out.
 * @param path in bytes: names need not be UTF-8
 */
export async function* filesBelow(path: Buffer, signal: AbortSignal): AsyncGenerator<DoomedFile> {
  const waiting: Buffer[] = [path];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    throwIfCancelled(signal);
    const facts = await ifThere(() => lstat(next));
    if (facts === undefined) continue;
    if (!facts.isDirectory()) {
      yield {
        name: next.subarray(next.lastIndexOf(0x2f) + 1).toString('latin1'),
        size: facts.isFile() ? facts.size : 0,
      };
      continue;
    }
    for (const name of (await ifThere(() => readdir(next, { encoding: 'buffer' }))) ?? [])
      waiting.push(Buffer.concat([next, Buffer.from('/'), name]));
  }
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
