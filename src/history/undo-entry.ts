import { opendir, rename, rm, rmdir, unlink, lstat, utimes } from 'node:fs/promises';
import { throwIfCancelled } from '../system/undo.ts';
import { readLogBackwards, readTouched } from './change-log.ts';
import type { HistoryEntry } from './history-entry.ts';
import { below, kindOf } from './inside.ts';
import { makeDeletedAgain } from './make-again.ts';
import { removeCreated } from './remove-created.ts';

/** Progress of an undo. */
export interface UndoProgress {
  /** Removed files that the run had created. */
  removed: number;
  /** Restored files. */
  restored: number;
  /** Files that got their old owner, rights or attributes back. */
  attributes?: number;
  /** Files whose old attributes could not be restored. */
  attributesLeft?: number;
  /** Files that could not be restored, because a non-empty directory has their name. They stay in the history. */
  left: number;
}

/**
 * Puts the mirror back to its state before one rsync: removes the files that rsync created, moves back those that it
 * replaced or deleted, and makes deleted empty directories again. It only renames, so it needs no space. To finish an
 * interrupted undo, call it again.
 * @param atEnd called when all files are back in their places, before the entry is removed
 */
export async function undoEntry(
  mirror: string,
  entry: HistoryEntry,
  progress: UndoProgress,
  signal: AbortSignal,
  atEnd: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const root = Buffer.from(mirror);
  // The name of the log shows the progress: a second try must not take a restored file for a created one.
  const half = `${entry.log}${removedSuffix}`;
  if ((await kindOf(Buffer.from(half))) === undefined) {
    await removeCreated(
      {
        log: entry.log,
        root,
        part: Buffer.alloc(0),
        onFile: () => {
          progress.removed += 1;
        },
      },
      signal,
    );
    if ((await kindOf(Buffer.from(entry.log))) !== undefined) await rename(entry.log, half);
  }
  const source = Buffer.from(entry.directory);
  const leftBefore = progress.left;
  if ((await kindOf(source)) === 'directory') await moveBack(source, root, progress, signal);
  await makeDeletedAgain({ log: half, root, part: Buffer.alloc(0) }, signal);
  await atEnd();
  if (progress.left === leftBefore) await rm(half, { force: true });
}

/** Added to the name of a log once its created files are removed. */
const removedSuffix = '.removed';

/** Moves everything of one directory into another one, and removes it. `to` is a real directory. */
async function moveBack(from: Buffer, to: Buffer, progress: UndoProgress, signal: AbortSignal): Promise<void> {
  for await (const { name } of await opendir(from, { encoding: 'latin1' })) {
    throwIfCancelled(signal);
    const bytes = Buffer.from(name, 'latin1');
    await moveOne(below(from, bytes), below(to, bytes), progress, signal);
  }
  const { atime, mtime } = await lstat(from);
  await rmdir(from).then(
    () => utimes(to, atime, mtime),
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    },
  );
}

async function moveOne(from: Buffer, to: Buffer, progress: UndoProgress, signal: AbortSignal): Promise<void> {
  const [source, target] = [await kindOf(from), await kindOf(to)];
  if (source === 'directory' && target === 'directory') {
    await moveBack(from, to, progress, signal);
    return;
  }
  if (source === 'other' && target === 'directory' && !(await removeEmpty(to))) {
    progress.left += 1;
    return;
  }
  if (source === 'directory' && target === 'other') await unlink(to);
  await rename(from, to);
  // If both names belong to the same file, rename keeps both; see rename(2).
  if (source === 'other') await rm(from, { force: true });
  if (source === 'directory') await countFiles(to, progress, signal);
  else progress.restored += 1;
}

async function removeEmpty(directory: Buffer): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return false;
    throw error;
  }
}

/** As many names are remembered; each of more counts as often as the log has it. */
const mostRemembered = 200_000;

/** The changes that {@link undoEntry} would make, without making them. */
export async function previewUndo(entry: HistoryEntry, progress: UndoProgress, signal: AbortSignal): Promise<void> {
  const counted = new Set<string>(); // rsync logs a file twice when it copies it once more
  for await (const { kind, isDirectory, isThinned, path } of readLogBackwards(entry.log)) {
    throwIfCancelled(signal);
    if (kind !== 'created' || isDirectory || isThinned === true) continue;
    const name = path.toString('latin1');
    if (counted.has(name)) continue;
    if (counted.size < mostRemembered) counted.add(name);
    progress.removed += 1;
  }
  for await (const { isAttributes } of readTouched(entry.log))
    if (isAttributes) progress.attributes = (progress.attributes ?? 0) + 1;
  if ((await kindOf(Buffer.from(entry.directory))) === 'directory')
    await countFiles(Buffer.from(entry.directory), progress, signal);
}

async function countFiles(directory: Buffer, progress: UndoProgress, signal: AbortSignal): Promise<void> {
  for await (const item of await opendir(directory, { encoding: 'latin1' })) {
    throwIfCancelled(signal);
    if (item.isDirectory()) await countFiles(below(directory, Buffer.from(item.name, 'latin1')), progress, signal);
    else progress.restored += 1;
  }
}
