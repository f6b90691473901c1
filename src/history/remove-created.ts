import { rmdir, unlink } from 'node:fs/promises';
import { throwIfCancelled } from '../system/undo.ts';
import { readLogBackwards } from './change-log.ts';
import { below, createInsideCheck } from './inside.ts';

/** A tree from which a run's new files are removed. */
export interface Removal {
  /** The log of that run. */
  readonly log: string;
  /** The tree: the mirror, or a copy of a part of it. */
  readonly root: Buffer;
  /** The part of the mirror that the tree is a copy of; empty for all of it. */
  readonly part: Buffer;
  /** Called for each removed file. */
  readonly onFile: () => void;
}

/**
 * Removes the files and directories that a run created, and those whose old version an earlier entry brings. Keeps
 * directories that are not empty.
 */
export async function removeCreated({ log, root, part, onFile }: Removal, signal: AbortSignal): Promise<void> {
  const isInside = createInsideCheck(root);
  for await (const { kind, isDirectory, isThinned, path } of readLogBackwards(log)) {
    throwIfCancelled(signal);
    if (kind !== 'created') continue;
    const here = relativeTo(part, path);
    if (here === undefined || !(await isInside(here))) continue;
    if (isDirectory) await quietly(() => rmdir(below(root, here)));
    else if ((await quietly(() => unlink(below(root, here)))) && isThinned !== true) onFile();
  }
}

/** undefined for a path that is not below `part`. */
export function relativeTo(part: Buffer, path: Buffer): Buffer | undefined {
  if (part.length === 0) return path;
  const isBelow =
    path.length > part.length + 1 && path.subarray(0, part.length).equals(part) && path[part.length] === 0x2f;
  return isBelow ? path.subarray(part.length + 1) : undefined;
}

/** Whether a run created this file or directory. */
export async function wasCreated(log: string, wanted: Buffer): Promise<boolean> {
  for await (const { kind, path } of readLogBackwards(log)) if (kind === 'created' && path.equals(wanted)) return true;
  return false;
}

const harmless = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ENOTEMPTY', 'EEXIST', 'EISDIR'];

async function quietly(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (harmless.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
