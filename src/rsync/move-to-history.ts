import { opendir, rename } from 'node:fs/promises';
import { relative } from 'node:path';
import { printedName } from '../history/change-log.ts';
import type { Doomed, DoomedName } from '../history/doomed.ts';
import { below } from '../history/inside.ts';
import type { PullOrder } from './order.ts';
import type { StartProgram } from '../system/command.ts';
import type { NamedOutcome, Place } from './delete-named.ts';
import { withDeadline, withDeadlineAfter } from '../system/deadline.ts';
import { archiveDirectories, type DirectoryArchive } from './directory-archive.ts';
import { ownDirectory } from '../disk/own-directory.ts';
import { backupDirectory } from './arguments.ts';
import { troubleOfDisk } from './failure.ts';
import type { PullTrouble } from './verdict.ts';

/** Renames in progress at once: on a hanging disk, each of them occupies one of Node's four file threads. */
const lanes = 2;

/** Time limit after the request to end, in milliseconds. */
const patienceMs = 10_000;

/**
 * Deletes exactly the files that the copying phase named, by renaming them to their place in the history. A directory
 * moves with its content. rsync's --backup-dir would do the same, but it checks every parent directory again for each
 * file, which takes many times as long. @returns undefined when nothing was moved because it is not possible here, or
 * not requested
 */
export async function moveToHistory(
  start: StartProgram,
  order: PullOrder,
  { top, mirror }: Place,
  signal: AbortSignal,
): Promise<NamedOutcome | undefined> {
  const { doomed, deleteLimit = 0, history, source } = order;
  if (doomed === undefined || history === undefined || doomed.count > deleteLimit || order.survey === true)
    return undefined;
  let archive: DirectoryArchive | undefined;
  try {
    await assertNoMore(mirror, doomed);
    archive = await archiveDirectories(
      start,
      top,
      mirror,
      doomed.names.map(({ path }) => path),
      signal,
    );
    if (archive === undefined) return undefined;
    const target = await ownDirectory(top, relative(top, backupDirectory(source, history)), 0o755);
    await archive.makeIn(target);
    return await moveAll(order, doomed.names, { from: mirror, to: target, archive, most: doomed.count }, signal);
  } catch {
    return undefined; // rsync can do it, or give the reason
  } finally {
    // nothing can be removed from a hanging disk either
    if (archive)
      await withDeadline(archive.remove(), patienceMs, () => new Error('the disk does not answer')).catch(
        () => undefined,
      );
  }
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly archive: DirectoryArchive;
  /** Number of files and directories to move. */
  readonly most: number;
}

async function moveAll(
  order: PullOrder,
  names: readonly DoomedName[],
  { from, to, archive, most }: Move,
  signal: AbortSignal,
): Promise<NamedOutcome> {
  const mover = new Mover(order, names, Buffer.from(from), Buffer.from(to));
  let trouble: PullTrouble | undefined;
  try {
    await untilStuck(mover, signal, order.config.pull.stallTimeout);
    for (const directory of [from, to])
      await archive.restoreTimes(directory).catch((error: unknown) => {
        trouble ??= troubleOfDisk(error) ?? 'disk-error';
      });
    trouble = mover.trouble ?? trouble;
  } catch {
    trouble = 'stuck';
  }
  if (signal.aborted) trouble ??= 'failed';
  const { moved, isMissing } = mover;
  const nothing = { filesTotal: 0, filesTransferred: 0, bytesTotal: 0, bytesTransferred: 0, bytesReceived: 0 };
  return {
    figures: { ...nothing, filesDeleted: moved },
    entries: 0,
    skippedDeletions: 0,
    vanished: 0,
    changed: moved > 0,
    log: '',
    ...(trouble && { trouble }),
    ...(trouble === 'disk-full' && { shortage: 'blocks' }), // the kernel said so to us
    isDone: trouble !== undefined || (!isMissing && moved >= most),
  };
}

/** Moves names in several parallel lanes, and reports each one. */
class Mover {
  /** Files and directories that were moved. */
  moved = 0;
  /** A name could not be moved. */
  isMissing = false;
  trouble: PullTrouble | undefined;
  readonly #order: PullOrder;
  readonly #names: readonly DoomedName[];
  readonly #mirror: Buffer;
  readonly #history: Buffer;
  #next = 0;

  constructor(order: PullOrder, names: readonly DoomedName[], mirror: Buffer, history: Buffer) {
    this.#order = order;
    this.#names = names;
    this.#mirror = mirror;
    this.#history = history;
  }

  /** Moves names until none is left, the disk fails, or the signal is aborted. */
  async lane(signal: AbortSignal): Promise<void> {
    for (;;) {
      const name = this.#names[this.#next];
      if (name === undefined || this.trouble !== undefined || signal.aborted) return;
      this.#next += 1;
      await this.#move(name);
    }
  }

  async #move({ path, isDirectory }: DoomedName): Promise<void> {
    const tell = (gone: Buffer, wasDirectory: boolean): void => {
      this.#tell(gone, wasDirectory);
    };
    try {
      await rename(below(this.#mirror, path), below(this.#history, path));
      if (isDirectory) await tellBelow(this.#history, path, tell);
      tell(path, isDirectory);
    } catch (error) {
      this.trouble ??= troubleOfDisk(error);
      this.isMissing = true;
    }
  }

  #tell(path: Buffer, isDirectory: boolean): void {
    this.moved += 1;
    const shown = `${printedName(path)}${isDirectory ? '/' : ''}`;
    this.#order.onChange?.({ kind: 'deleted', isDirectory, path: shown, size: 0 });
  }
}

/** Runs all lanes. @throws Error when nothing moved for `stallMs`, or when the lanes do not end on request */
async function untilStuck(mover: Mover, signal: AbortSignal, stallMs: number): Promise<void> {
  const stuck = (): Error => new Error('the disk does not answer');
  let giveUp = (): void => undefined;
  const hangs = new Promise<never>((_resolve, reject) => {
    giveUp = () => {
      reject(stuck());
    };
  });
  let movedBefore = -1;
  const timer = setInterval(() => {
    if (mover.moved === movedBefore) giveUp();
    movedBefore = mover.moved;
  }, stallMs);
  const all = Promise.all(Array.from({ length: lanes }, () => mover.lane(signal)));
  try {
    await withDeadlineAfter(signal, Promise.race([all, hangs]), patienceMs, stuck);
  } finally {
    clearInterval(timer);
  }
}

/**
 * Throws when the doomed directories hold more than the guard has counted. The names come from the server, which can
 * make rsync print anything.
 */
async function assertNoMore(mirror: string, { names, count }: Doomed): Promise<void> {
  let there = names.length;
  const see = (): void => {
    there += 1;
    if (there > count) throw new Error('more than rsync announced');
  };
  for (const { path, isDirectory } of names) if (isDirectory) await tellBelow(Buffer.from(mirror), path, see);
}

/** Reports the content of a directory that is deleted with it. */
async function tellBelow(
  root: Buffer,
  path: Buffer,
  tell: (path: Buffer, isDirectory: boolean) => void,
): Promise<void> {
  for await (const entry of await opendir(below(root, path), { encoding: 'latin1' })) {
    const here = below(path, Buffer.from(entry.name, 'latin1'));
    if (entry.isDirectory()) await tellBelow(root, here, tell);
    tell(here, entry.isDirectory());
  }
}
