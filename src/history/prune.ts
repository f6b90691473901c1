import { lstat, opendir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ownDirectory } from '../disk/own-directory.ts';
import { readRoom, shareOf, shortageOf, type RoomWanted } from '../disk/room.ts';
import type { StartProgram } from '../system/command.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { writeCompleteSince } from './complete-since.ts';
import { longestUnmeasured } from './entry-order.ts';
import { attributeFile, attributeKinds, listHistory, type HistoryEntry } from './history-entry.ts';
import type { Budget } from './budget.ts';
import { expendable, outdated, restorePoints, type KeepRule } from './retention.ts';
import { thinHistory, type Thinned } from './thin-history.ts';
import { clearMarks, noteState, removeMark } from './thinned-mark.ts';

/** Directory for entries that are being deleted: an entry is in the history completely or not at all. */
const removedDirectory = '.extbackup/removed';

/** The removed entries. */
export interface Pruned {
  readonly removed: number;
  /** Measured: the room that was gained. */
  readonly bytes: number;
  /** More entries could be removed, but not in one run. */
  readonly isCapped: boolean;
  /** Entries that could not be removed completely, now or earlier. */
  readonly stuck: number;
  /** States that a rule by weeks, months or years does not keep, and the room that this gained. */
  readonly thinned?: { readonly states: number; readonly bytes: number };
}

/** The input of {@link pruneHistory}. */
export interface Pruning {
  readonly rule: KeepRule;
  readonly budget: Budget;
  /** Position of the history at the start of the run: the entries of this run are never removed. */
  readonly position: number;
  /** Remove only until this much room is free; without it, a run is complete: apply all of the rule. */
  readonly wanted?: RoomWanted;
  /** See {@link restorePoints}. */
  readonly asked?: number;
}

/**
 * Removes entries of an opened disk's history, the oldest first, within a budget. An entry that cannot be removed does
 * not block the others.
 */
export async function pruneHistory(
  start: StartProgram,
  top: string,
  { rule: given, budget, position, wanted, asked }: Pruning,
  signal: AbortSignal,
): Promise<Pruned> {
  const before = await readRoom(top);
  const done = { removed: 0, stuck: await clearRemoved(start, top, signal), isCapped: false };
  const remove = async (entry: HistoryEntry): Promise<boolean> => {
    throwIfCancelled(signal);
    const { freeBytes } = await readRoom(top);
    done.isCapped = budget.entries <= 0 || budget.bytes <= 0;
    if (done.isCapped) return false;
    if (await removeEntry(start, top, entry, endOf(entries, entry), signal)) {
      done.removed += 1;
      budget.entries -= 1;
    } else done.stuck += 1;
    budget.bytes -= Math.max(0, (await readRoom(top)).freeBytes - freeBytes);
    return true;
  };
  const entries = await listHistory(top);
  await clearMarks(top, entries);
  const rule = { ...given, now: sinceNewest(entries, given.now) };
  const newest = Math.min(position, await newestFilled(entries, position));
  let thinned: Thinned | undefined;
  if (wanted === undefined) {
    await noteState(top);
    for (const entry of outdated(entries, rule, newest, asked)) if (!(await remove(entry))) break;
    const left = await listHistory(top);
    const points = restorePoints(left, rule, newest, asked);
    thinned = await thinHistory(top, { entries: left, points, budget, before: newest }, signal);
  }
  const goal = wanted ?? shareOf(before, rule.minFree);
  for (const entry of expendable(await listHistory(top), rule, newest)) {
    if (shortageOf(await readRoom(top), goal) === undefined) break;
    if (!(await remove(entry))) break;
  }
  const gained = (await readRoom(top)).freeBytes - before.freeBytes - (thinned?.bytes ?? 0);
  return {
    ...done,
    bytes: Math.max(0, gained),
    isCapped: done.isCapped || thinned?.isCapped === true,
    ...(thinned && thinned.states > 0 && { thinned }),
  };
}

/** The last one of the thinned entries that belong to an entry: without it, no state before the next one is left. */
function endOf(entries: readonly HistoryEntry[], entry: HistoryEntry): HistoryEntry {
  let end = entry;
  for (const later of entries.filter(({ number }) => number > entry.number).reverse()) {
    if (later.isThinned !== true) break;
    end = later;
  }
  return end;
}

/** Without a measured entry, only the name of the newest one is known, and its clock may have been wrong. */
function sinceNewest([newest]: readonly HistoryEntry[], now: Date): Date {
  return newest === undefined || newest.number > 0
    ? now
    : new Date(Math.min(now.getTime(), newest.measured.getTime() + longestUnmeasured));
}

/** Number of the newest entry that is not empty: an entry of a run that failed at once does not count. */
async function newestFilled(entries: readonly HistoryEntry[], position: number): Promise<number> {
  for (const { directory, number } of entries) if (number <= position && (await isFilled(directory))) return number;
  return Infinity;
}

async function isFilled(directory: string): Promise<boolean> {
  try {
    if (!(await lstat(directory)).isDirectory()) return false;
    for await (const { name } of await opendir(directory, { encoding: 'latin1' })) return name !== '';
    return false;
  } catch {
    return false;
  }
}

/**
 * Removes one entry: writes the mark, moves the entry out of the history, then deletes its files.
 * @param end the newest entry whose state is lost by that
 * @returns false when a part of it remains
 */
async function removeEntry(
  start: StartProgram,
  top: string,
  entry: HistoryEntry,
  end: HistoryEntry,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await ownDirectory(top, removedDirectory);
    await writeCompleteSince(top, { at: end.at, number: end.number, isBeginning: false });
    for (const log of [entry.log, `${entry.log}.removed`])
      await moveAside(log, join(top, removedDirectory, `${entry.name}.log`));
    for (const kind of attributeKinds) await rm(attributeFile(entry, kind), { force: true });
    const aside = join(top, removedDirectory, entry.name);
    await moveAside(entry.directory, aside);
    await removeMark(entry);
    return await clear(start, aside, signal);
  } catch (error) {
    throwIfCancelled(signal);
    if (isOfDisk(error)) throw error;
    return false;
  }
}

const isOfDisk = (error: unknown): boolean =>
  ['EIO', 'EROFS', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '');

async function moveAside(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Leftovers of an earlier, incomplete removal. @returns how many remain */
async function clearRemoved(start: StartProgram, top: string, signal: AbortSignal): Promise<number> {
  const directory = await ownDirectory(top, removedDirectory);
  let stuck = 0;
  for (const name of await readdir(directory)) if (!(await clear(start, join(directory, name), signal))) stuck += 1;
  return stuck;
}

async function clear(start: StartProgram, path: string, signal: AbortSignal): Promise<boolean> {
  await start({
    file: '/usr/bin/rm',
    args: ['-rf', '--one-file-system', '--', path],
    timeoutMs: 6 * 3_600_000,
    accept: [1],
    signal,
  });
  await rm(`${path}.log`, { force: true });
  try {
    await lstat(path);
    return false;
  } catch {
    return true;
  }
}
