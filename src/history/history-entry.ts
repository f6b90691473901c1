import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ownDirectory } from '../disk/own-directory.ts';

/** Directory on the disk with what runs replaced or deleted, one directory each. */
export const historyDirectory = 'history';

/** Directory on the disk with rsync's log of each of them, which names what was created. */
export const changeLogDirectory = '.extbackup/history';

/** What one rsync replaced, deleted and created. Either file may be missing: nothing was replaced, or nothing written down. */
export interface HistoryEntry {
  /** Its beginning, for example 20261124T062500.123Z. */
  readonly name: string;
  readonly at: Date;
  /** What it replaced or deleted, under the same paths as in the mirror. */
  readonly directory: string;
  /** What it did, line by line; see change-log.ts. */
  readonly log: string;
}

/** With the ending of a log whose undo was cut off; see undo-entry.ts. */
const logName = /\.log(?:\.removed)?$/;

const namePattern = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d)[:-]?(\d\d)[:-]?(\d\d)(?:\.(\d{1,3})\d*)?Z$/;

/** The name of an entry that begins now: UTC, to the millisecond, so that entries of one run do not run ahead of its end. */
export const historyName = (at: Date): string => at.toISOString().replace(/[-:]/g, '');

/** Reads the name of a directory below `history/`; undefined when it is no time. */
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
  const logs = (await namesIn(join(top, changeLogDirectory))).flatMap((name) =>
    logName.test(name) ? [name.replace(logName, '')] : [],
  );
  const entries = [...new Set([...directories, ...logs])].flatMap((name) => {
    const at = parseHistoryName(name);
    return at === undefined ? [] : [entryOf(top, name, at)];
  });
  return entries.sort((a, b) => b.at.getTime() - a.at.getTime());
}

/** A new entry, later than every other one, except where somebody planted a date at the end of time: no rsync ever writes into the entry of another one. */
export async function newHistoryEntry(top: string, now: Date): Promise<HistoryEntry> {
  for (const directory of [historyDirectory, changeLogDirectory]) await ownDirectory(top, directory);
  const at = timeOfNext(
    (await listHistory(top)).map((entry) => entry.at.getTime()),
    now,
  );
  return entryOf(top, historyName(at), at);
}

/** From here on the last year of names with four digits begins: nobody's clock, and what is dated so was planted. */
const endOfTime = Date.UTC(9999, 0, 1);

const newestOf = (times: readonly number[]): number =>
  times.reduce((latest, time) => (time < endOfTime ? Math.max(latest, time) : latest), 0);

/** Where the history of an opened disk stands: each new entry is later. 1970 where it is empty. */
export const historyStand = async (top: string): Promise<Date> =>
  new Date(newestOf((await listHistory(top)).map(({ at }) => at.getTime())));

function timeOfNext(times: readonly number[], now: Date): Date {
  const taken = new Set(times);
  const newest = newestOf(times);
  // A clock that went back must not put a new entry before an old one.
  let next = Math.max(Math.min(now.getTime(), endOfTime), newest + 1);
  while (taken.has(next)) next += 1;
  return new Date(next);
}

const entryOf = (top: string, name: string, at: Date): HistoryEntry => ({
  name,
  at,
  directory: join(top, historyDirectory, name),
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
