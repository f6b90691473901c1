import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { below } from '../history/inside.ts';
import { workDirectory } from '../history/work-directory.ts';
import type { PullOrder } from './order.ts';
import type { RsyncOutcome } from './order.ts';
import type { StartProgram } from '../system/command.ts';
import { parentsOf, writeList } from './name-list.ts';
import { ownDirectory } from '../disk/own-directory.ts';
import { standInArgs, type PullTarget } from './arguments.ts';
import { runRsync } from './run-rsync.ts';

/** Both exist only during a deletion. The list names files, so it stays on the disk. */
const listFile = '.extbackup/deletions.list';
const standIn = `${workDirectory}/stand-in`;

/** `isDone` is false when the rest needs a second listing of the source. */
export type NamedOutcome = RsyncOutcome & { readonly isDone: boolean };

/** The place to delete in; `top` is the top of the opened disk. */
export type Place = PullTarget & { readonly top: string };

/**
 * Deletes exactly the files that the copying phase named, without a second listing of the whole source: for a local
 * rsync they are missing. So they are moved to the history, logged and counted as by any rsync. Its source has only
 * their parent directories, which get their times back, to the nanosecond. @returns undefined when this was not
 * requested, or is not possible
 */
export async function deleteNamed(
  start: StartProgram,
  order: PullOrder,
  { top, ...target }: Place,
  signal: AbortSignal,
): Promise<NamedOutcome | undefined> {
  const { doomed, deleteLimit } = order;
  if (doomed === undefined || deleteLimit === undefined || order.survey === true) return undefined;
  const root = Buffer.from(target.mirror);
  const place = { list: join(top, listFile), source: join(top, standIn, basename(target.mirror)) };
  try {
    const isReady = await prepare(
      start,
      top,
      root,
      doomed.names.map(({ path }) => path),
      signal,
    ).catch(() => false); // the alternative does not need them
    if (!isReady) return undefined;
    const outcome = await runRsync(start, order, { ...target, named: place }, signal);
    const missesSome =
      outcome.trouble === undefined && outcome.skippedDeletions === 0 && outcome.figures.filesDeleted < doomed.count;
    // Only this figure is about the source; all others are about the stand-in.
    const figures = {
      filesTotal: 0,
      filesTransferred: 0,
      bytesTotal: 0,
      bytesTransferred: 0,
      bytesReceived: 0,
      filesDeleted: outcome.figures.filesDeleted,
    };
    // the files are missing on purpose
    return {
      ...outcome,
      figures,
      vanished: 0,
      ...(outcome.trouble === undefined && { log: '' }),
      isDone: signal.aborted || (!missesSome && outcome.trouble !== 'failed'),
    };
  } finally {
    await rm(place.list, { force: true }).catch(() => undefined);
    await rm(join(top, standIn), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** @returns false when a part of a path is not a directory */
async function prepare(
  start: StartProgram,
  top: string,
  mirror: Buffer,
  names: readonly Buffer[],
  signal: AbortSignal,
): Promise<boolean> {
  const parents = await parentsOf(mirror, names);
  if (parents === undefined) return false;
  await ownDirectory(top, '.extbackup');
  await ownDirectory(top, workDirectory);
  const source = join(top, standIn);
  // A new directory: rsync would copy any content of an old one.
  await rm(source, { recursive: true, force: true });
  await mkdir(source, { mode: 0o700 });
  const list = join(top, listFile);
  const [above, name] = [dirname(mirror.toString()), Buffer.from(basename(mirror.toString()))];
  await writeList(
    list,
    parents.map((parent) => below(name, parent)),
  );
  await start({ file: '/usr/bin/rsync', args: standInArgs(list, above, source), timeoutMs: 10 * 60_000, signal });
  await writeList(list, [...parents.map((parent) => (parent.length === 0 ? Buffer.from('.') : parent)), ...names]);
  return true;
}
