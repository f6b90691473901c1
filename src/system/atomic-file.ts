import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { readText } from './given-file.ts';

/**
 * Replaces a file so that a reader, or a power cut, sees the old or the new content and nothing between.
 * @param durable wait until it is on the disk; not needed on tmpfs
 */
export async function writeAtomically(file: string, content: string, durable: boolean, mode = 0o600): Promise<void> {
  await writeFileAtomic(file, content, { mode, fsync: durable });
}

/** The temporary name of a file in {@link writeAtomically}. */
const unfinished = /^[\w-]+\.jsonl?\.\d+$/;
/** No writer takes longer than this. */
const unfinishedForMs = 60_000;

/**
 * Removes leftovers of {@link writeAtomically} after a power cut or a killed program. @param own names of files that no
 * other process writes: their leftovers can be removed at once
 */
export async function removeUnfinished(directory: string, own: readonly string[], now: Date): Promise<void> {
  for (const name of (await readdir(directory)).filter((entry) => unfinished.test(entry))) {
    const file = join(directory, name);
    const { mtimeMs } = await stat(file);
    if (own.some((known) => name.startsWith(`${known}.`)) || now.getTime() - mtimeMs > unfinishedForMs)
      await rm(file, { force: true });
  }
}

/** @returns undefined when there is no such file @throws UsageError when it is a pipe, for example */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readText(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
