import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';

/**
 * Replaces a file so that a reader, or a power cut, sees the old or the new content and nothing between.
 * @param durable wait until it is on the disk; not needed on tmpfs
 */
export async function writeAtomically(file: string, content: string, durable: boolean, mode = 0o600): Promise<void> {
  await writeFileAtomic(file, content, { mode, fsync: durable });
}

/** @returns undefined when there is no such file */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
