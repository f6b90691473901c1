import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ownDirectory } from '../disk/own-directory.ts';
import { openPlainFile } from '../system/plain-file.ts';
import { orderEntries, type FoundEntry } from './entry-order.ts';
import type { EntryStamp } from './entry-stamp.ts';
import { readLogHeader } from './log-header.ts';
import { collectedEntry, directoryOfEntry, historyDirectory } from './work-directory.ts';

/** Directory on the disk with rsync's log of each entry, which names created files. */
export const changeLogDirectory = '.extbackup/history';

/** The changes of one rsync. The directory is missing if nothing was replaced; the log may be missing, too. */
export interface HistoryEntry {
  /** Its start by the clock, for example 20261124T062500.123Z. */
  readonly name: string;
  /** See entry-order.ts, as for the next two. */
  readonly number: number;
  readonly at: Date;
  readonly measured: Date;
  /** The first lines of a new entry's log. */
  readonly stamp?: EntryStamp;
  /** The replaced or deleted files, under the same paths as in the mirror. */
  readonly directory: string;
  /** Its log of changes; see change-log.ts. */
  readonly log: string;
  /** The state before it was given up: it serves only, together with earlier entries, to restore an earlier state. */
  readonly isThinned?: boolean;
}

/** Endings of the files beside the log, with the attributes that files had before; see attribute-files.ts. */
export const attributeKinds = ['facl', 'fattr', 'links'] as const;

export const attributeFile = ({ log }: Pick<HistoryEntry, 'log'>, kind: (typeof attributeKinds)[number]): string =>
  log.replace(/log$/, kind);

/** Ending of the mark beside the log of an entry whose state was given up; see thinned-mark.ts. */
export const thinnedEnding = '.thinned';

/** The log has the ending of an interrupted undo; see undo-entry.ts. */
const logName = /\.log(?:\.removed)?$/;

const namePattern = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d)[:-]?(\d\d)[:-]?(\d\d)(?:\.(\d{1,3})\d*)?Z$/;

/** The name of an entry that begins now: UTC, to the millisecond, so that entries of one run do not run ahead of its end. */
export const historyName = (at: Date): string => at.toISOString().replace(/[-:]/g, '');

/** Reads the name of a directory below `history/`; undefined for any other name. */
export function parseHistoryName(name: string): Date | undefined {
  const [, year, month, day, hour, minute, second, fraction = '0'] = namePattern.exec(name) ?? [];
  if (year === undefined) return undefined;
  const time = new Date(
    `${year}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}.${fraction}Z`,
  );
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** All entries of an opened disk, the newest first. */
export async function listHistory(top: string): Promise<HistoryEntry[]> {
  const directories = await namesIn(join(top, historyDirectory));
  const files = new Set(await namesIn(join(top, changeLogDirectory)));
  const logs = new Map(
    [...files].flatMap((file) => (logName.test(file) ? [[file.replace(logName, ''), file] as const] : [])),
  );
  const found: FoundEntry[] = [];
  const inWork = await collectedEntry(top);
  for (const name of new Set([...directories, ...logs.keys()])) {
    const claimed = parseHistoryName(name);
    if (claimed === undefined) continue;
    const log = logs.get(name);
    const stamp = log === undefined ? undefined : await stampOf(join(top, changeLogDirectory, log));
    found.push({ name, claimed, ...(stamp && { stamp }) });
  }
  return orderEntries(found)
    .map(({ name, number, at, measured }) => ({
      ...{ name, number, at, measured },
      ...placesOf(top, name, inWork),
      ...(files.has(`${name}${thinnedEnding}`) && { isThinned: true }),
    }))
    .reverse();
}

/**
 * The entry whose state, the one before it, has the old versions of an entry: the entry itself, or for a thinned one the
 * nearest earlier one whose state stays; undefined if there is none. @param history the newest first
 */
export const stateWith = (history: readonly HistoryEntry[], { number }: HistoryEntry): HistoryEntry | undefined =>
  history.find((entry) => entry.number <= number && entry.isThinned !== true);

async function stampOf(log: string): Promise<EntryStamp | undefined> {
  const handle = await openPlainFile(log);
  if (handle === undefined) return undefined;
  try {
    return (await readLogHeader(handle)).stamp;
  } finally {
    await handle.close();
  }
}

/** The start of an entry: `measured` is the disk's measured time. */
export interface EntryTime {
  readonly measured: Date;
  readonly isDoubtful: boolean;
}

/**
 * A new entry after all others, independent of the clock; its name is the time of the clock, or a little later if
 * that name exists: no rsync ever writes into the entry of another one.
 * @param time absent without a measurement
 */
export async function newHistoryEntry(top: string, now: Date, time?: EntryTime): Promise<HistoryEntry> {
  for (const directory of [historyDirectory, changeLogDirectory]) await ownDirectory(top, directory);
  const entries = await listHistory(top);
  const taken = new Set(entries.map(({ name }) => parseHistoryName(name)?.getTime()));
  let claimed = Math.min(Math.max(0, now.getTime()), endOfTime);
  while (taken.has(claimed)) claimed += 1;
  const name = historyName(new Date(claimed));
  const [newest] = entries;
  const measured = new Date(Math.max(time?.measured.getTime() ?? claimed, newest?.measured.getTime() ?? 0));
  const number = Math.max(0, ...entries.map((entry) => entry.number).filter((other) => other < mostEntries)) + 1;
  return {
    name,
    number,
    at: new Date(Math.max(claimed, (newest?.at.getTime() ?? 0) + 1)),
    measured,
    stamp: { number, measured, isDoubtful: time?.isDoubtful ?? false },
    ...placesOf(top, name),
  };
}

/** A date from here on is forged: no clock shows the last year with four digits. */
const endOfTime = Date.UTC(9999, 0, 1);

/** A number from here on is forged: no real disk has so many entries. */
const mostEntries = 900_000_000_000;

/** The position of a disk's history: each new entry is later. */
export interface HistoryPosition {
  /** 1970 for an empty history. */
  readonly at: Date;
  /** Of the newest entry; undefined for an empty history. */
  readonly number: number | undefined;
}

/** The position of an opened disk's history. */
export async function historyPosition(top: string): Promise<HistoryPosition> {
  const [newest] = await listHistory(top);
  return { at: newest?.at ?? new Date(0), number: newest?.number };
}

const placesOf = (top: string, name: string, inWork?: string): Pick<HistoryEntry, 'directory' | 'log'> => ({
  directory: directoryOfEntry(top, name, inWork),
  log: join(top, changeLogDirectory, `${name}.log`),
});

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
