import { lstat, mkdir, open, rm, rmdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { below, createInsideCheck } from '../history/inside.ts';
import type { PullOrder, RsyncOutcome } from '../pipeline/machine.ts';
import type { RunCommand } from './command.ts';
import { ownDirectory } from './own-directory.ts';
import type { NamedDeletion, PullTarget } from './rsync.ts';
import { runRsync } from './run-rsync.ts';

/** Both are there only while something is deleted. The list names files, so it stays on the disk. */
const listFile = '.extbackup/deletions.list';
const emptyDirectory = '.extbackup/nothing';

/** `isDone` is false when something is left that only a second look at the source can put right. */
export type NamedOutcome = RsyncOutcome & { readonly isDone: boolean };

/** Where to delete; `top` is that of the opened disk. */
export type Place = PullTarget & { readonly top: string };

/**
 * Deletes what the copying phase named, and nothing else, without a second look at the whole source: a local rsync is
 * told that all of it is missing. So it goes to the history, is logged and counted as with any other rsync.
 * @returns undefined when that was not asked for, or is not possible
 */
export async function deleteNamed(run: RunCommand, order: PullOrder, { top, ...target }: Place, signal: AbortSignal): Promise<NamedOutcome | undefined> {
  const { doomed, deleteLimit } = order;
  if (doomed === undefined || deleteLimit === undefined || order.survey === true) return undefined;
  const root = Buffer.from(target.mirror);
  const ready = await prepare(top, root, doomed.names).catch(() => undefined); // the other way needs none of this
  if (ready === undefined) return undefined;
  try {
    const outcome = await runRsync(run, order, { ...target, named: ready.named }, signal);
    const missesSome = outcome.trouble === undefined && outcome.skippedDeletions === 0 && outcome.figures.filesDeleted < doomed.count;
    // That the source has none of it, not even the directories on the way, is what was asked for.
    return { ...outcome, vanished: 0, ...(outcome.trouble === undefined && { log: '' }), isDone: signal.aborted || (!missesSome && outcome.trouble !== 'failed') };
  } finally {
    await restoreTimes(root, ready.times);
    await rm(ready.named.list, { force: true }).catch(() => undefined);
    await rmdir(ready.named.nothing).catch(() => undefined);
  }
}

/** Times of directories by their path below the mirror, one character for each byte. */
type Times = ReadonlyMap<string, { readonly atime: number; readonly mtime: number }>;

/** @returns undefined when a name leads through something that is no directory */
async function prepare(top: string, root: Buffer, names: readonly Buffer[]): Promise<{ readonly named: NamedDeletion; readonly times: Times } | undefined> {
  const isInside = createInsideCheck(root);
  const times = new Map<string, { readonly atime: number; readonly mtime: number }>();
  for (const path of names) {
    if (!(await isInside(path))) return undefined;
    const parent = path.toString('latin1', 0, Math.max(0, path.lastIndexOf('/')));
    if (!times.has(parent)) times.set(parent, await timesOf(below(root, Buffer.from(parent, 'latin1'))));
  }
  await ownDirectory(top, '.extbackup');
  const nothing = join(top, emptyDirectory);
  // Made anew, so that it is empty: what is found there would be copied.
  await rmdir(nothing).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  await mkdir(nothing, { mode: 0o700 });
  const list = join(top, listFile);
  await rm(list, { force: true });
  const handle = await open(list, 'wx', 0o600);
  try {
    await handle.writeFile(Buffer.concat(names.flatMap((path) => [path, Buffer.from([0])])));
  } finally {
    await handle.close();
  }
  return { named: { list, nothing }, times };
}

async function timesOf(directory: Buffer): Promise<{ readonly atime: number; readonly mtime: number }> {
  const { atimeNs, mtimeNs } = await lstat(directory, { bigint: true });
  return { atime: Number(atimeNs) / 1e9, mtime: Number(mtimeNs) / 1e9 };
}

/** A directory that lost something got a new time; the source's is what it had. What fails here, the next run puts right. */
async function restoreTimes(root: Buffer, times: Times): Promise<void> {
  for (const [path, { atime, mtime }] of times) {
    const directory = below(root, Buffer.from(path, 'latin1'));
    try {
      if ((await timesOf(directory)).mtime !== mtime) await utimes(directory, atime, mtime);
    } catch {
      // it is gone, or the disk is
    }
  }
}
