import { mkdir } from 'node:fs/promises';
import { throwIfCancelled } from '../system/undo.ts';
import { readLogBackwards } from './change-log.ts';
import { below, kindOf } from './inside.ts';
import { relativeTo, type Removal } from './remove-created.ts';

/**
 * Makes the directories again that a run deleted. An empty one is in no other place: history entries have only files,
 * and the directories on their way.
 */
export async function makeDeletedAgain(
  { log, root, part }: Pick<Removal, 'log' | 'root' | 'part'>,
  signal: AbortSignal,
): Promise<void> {
  for await (const { kind, path } of readLogBackwards(log)) {
    throwIfCancelled(signal);
    if (kind !== 'deleted-directory') continue;
    const here = path.equals(part) ? Buffer.alloc(0) : relativeTo(part, path);
    if (here) await makeDirectories(root, here);
  }
}

/** Whether a run deleted this directory. */
export async function wasDeleted(log: string, directory: Buffer): Promise<boolean> {
  for await (const { kind, path } of readLogBackwards(log))
    if (kind === 'deleted-directory' && path.equals(directory)) return true;
  return false;
}

/** Makes parents, too: the content of a directory that a file replaced is logged before it, and so comes first here. */
async function makeDirectories(root: Buffer, path: Buffer): Promise<void> {
  if ((await kindOf(root)) === undefined) await isMade(root);
  if (path.length === 0) return;
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const here = below(root, end < 0 ? path : path.subarray(0, end));
    const kind = await kindOf(here);
    if (kind === 'other') return;
    if (kind === undefined && !(await isMade(here))) return;
    if (end < 0) return;
  }
}

/** The log may contain impossibly long names: the disk is not trusted. */
async function isMade(directory: Buffer): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o755 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') return false;
    throw error;
  }
}
