import { open, rm } from 'node:fs/promises';
import { createInsideCheck } from '../history/inside.ts';

/**
 * The parent directories of some paths, each once, in bytes; the tree itself is the empty path.
 * @param tree that the paths are below
 * @returns undefined when a part of a path is not a directory
 */
export async function parentsOf(tree: Buffer, paths: readonly Buffer[]): Promise<Buffer[] | undefined> {
  const isInside = createInsideCheck(tree);
  const parents = new Map<string, Buffer>(); // one character for each byte
  for (const path of paths) {
    if (!(await isInside(path))) return undefined;
    const parent = path.subarray(0, Math.max(0, path.lastIndexOf('/')));
    parents.set(parent.toString('latin1'), parent);
  }
  return [...parents.values()];
}

/** Writes names with a zero byte after each into a new file, never through a planted link. */
export async function writeList(file: string, names: readonly Buffer[]): Promise<void> {
  await rm(file, { force: true });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(Buffer.concat(names.flatMap((path) => [path, Buffer.from([0])])));
  } finally {
    await handle.close();
  }
}
