import { opendir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { printedName } from '../history/change-log.ts';
import type { DoomedName } from '../history/doomed.ts';
import { historyDirectory } from '../history/history-entry.ts';
import { below } from '../history/inside.ts';
import type { PullOrder } from '../pipeline/machine.ts';
import type { RunCommand } from './command.ts';
import type { NamedOutcome, Place } from './delete-named.ts';
import { archiveDirectories, type DirectoryArchive } from './directory-archive.ts';
import { ownDirectory } from './own-directory.ts';
import { troubleOfDisk, type PullTrouble } from './rsync-failure.ts';

/** So many names are given to the kernel at once. */
const atOnce = 64;

/**
 * Deletes what the copying phase named, and nothing else, by giving it another name: that of its place in the history.
 * A directory goes with all that is in it. It is what rsync would do with --backup-dir, only that rsync looks at each
 * directory on the way again for each file, which takes many times as long.
 * @returns undefined when nothing was done because it is not possible here, or not asked for
 */
export async function moveToHistory(run: RunCommand, order: PullOrder, { top, mirror }: Place, signal: AbortSignal): Promise<NamedOutcome | undefined> {
  const { doomed, deleteLimit = 0, history, source } = order;
  if (doomed === undefined || history === undefined || doomed.count > deleteLimit || order.survey === true) return undefined;
  if (source.exclude.length > 0) return undefined; // what is excluded stays, also in a directory that goes
  let archive: DirectoryArchive | undefined;
  try {
    archive = await archiveDirectories(run, top, mirror, doomed.names.map(({ path }) => path), signal);
    if (archive === undefined) return undefined;
    const target = await ownDirectory(top, join(historyDirectory, history.name, ...(source.name === undefined ? [] : [source.name])), 0o755);
    await archive.makeIn(target);
    return await moveAll(order, doomed.names, { from: mirror, to: target, archive, most: doomed.count }, signal);
  } catch {
    return undefined; // rsync can do it, or say why not
  } finally {
    await archive?.remove();
  }
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly archive: DirectoryArchive;
  /** How many files and directories there are to move. */
  readonly most: number;
}

async function moveAll(order: PullOrder, names: readonly DoomedName[], { from, to, archive, most }: Move, signal: AbortSignal): Promise<NamedOutcome> {
  const [mirror, history] = [Buffer.from(from), Buffer.from(to)];
  let [moved, isMissing] = [0, false];
  let trouble: PullTrouble | undefined;
  const tell = (path: Buffer, isDirectory: boolean): void => {
    moved += 1;
    order.onChange?.({ kind: 'deleted', isDirectory, path: `${printedName(path)}${isDirectory ? '/' : ''}`, size: 0 });
  };
  const move = async ({ path, isDirectory }: DoomedName): Promise<void> => {
    try {
      await rename(below(mirror, path), below(history, path));
      if (isDirectory) await tellBelow(history, path, tell);
      tell(path, isDirectory);
    } catch (error) {
      trouble ??= troubleOfDisk(error);
      isMissing = true;
    }
  };
  for (let start = 0; start < names.length && trouble === undefined && !signal.aborted; start += atOnce) {
    await Promise.all(names.slice(start, start + atOnce).map(move));
  }
  for (const directory of [from, to]) await archive.restoreTimes(directory).catch((error: unknown) => { trouble ??= troubleOfDisk(error) ?? 'disk-error'; });
  if (signal.aborted) trouble = 'failed';
  return {
    figures: { filesTotal: 0, filesTransferred: 0, bytesTotal: 0, bytesTransferred: 0, bytesReceived: 0, filesDeleted: moved },
    entries: 0, skippedDeletions: 0, vanished: 0, changed: moved > 0, log: '', ...(trouble && { trouble }),
    isDone: trouble !== undefined || (!isMissing && moved >= most),
  };
}

/** Tells of all that is in a directory, and is deleted with it. */
async function tellBelow(root: Buffer, path: Buffer, tell: (path: Buffer, isDirectory: boolean) => void): Promise<void> {
  for await (const entry of await opendir(below(root, path), { encoding: 'latin1' })) {
    const here = below(path, Buffer.from(entry.name, 'latin1'));
    if (entry.isDirectory()) await tellBelow(root, here, tell);
    tell(here, entry.isDirectory());
  }
}
