import { basename, join } from 'node:path';
import * as z from 'zod';
import { ownDirectory } from '../disk/own-directory.ts';
import { NotThereError } from '../errors.ts';
import { replaceFile } from '../system/new-file.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { readJsonInside } from '../system/read-json.ts';
import { changeLogDirectory, listHistory, type HistoryEntry } from './history-entry.ts';
import { zonedTime } from '../text/local-time.ts';

/** File on the disk with the start of its complete history: removing an entry makes the history shorter. */
const completeSinceFile = `${changeLogDirectory}/complete-since.json`;

const since = {
  at: z.iso.datetime(),
  number: z.int(),
  /** Nothing was removed: the history begins at this time. */
  isBeginning: z.boolean(),
};

const schema = z.object({
  version: z.literal(1),
  ...since,
  /**
   * On a disk with thinned entries, the start of the history; the fields above are then those of the newest thinned
   * entry: a version that does not know their marks refuses all earlier times.
   */
  some: z.object(since).optional(),
});

/** The start of the time for which the history of a disk shows the states of its mirror. */
export interface CompleteSince {
  /** The states at this and every later time are known. */
  readonly at: Date;
  /** The newest entry that was removed; all later ones exist. */
  readonly number: number;
  readonly isBeginning: boolean;
}

/** Reads the mark; undefined for a disk that has none, because its last run was one of an older version. */
export async function readCompleteSince(top: string): Promise<CompleteSince | undefined> {
  const mark = await readMark(top);
  return mark && toSince(mark.some ?? mark);
}

const readMark = (top: string): Promise<z.infer<typeof schema> | undefined> =>
  readJsonInside(schema, join(top, completeSinceFile));

const toSince = ({ at, number, isBeginning }: Omit<z.infer<typeof schema>, 'version'>): CompleteSince => ({
  at: new Date(at),
  number,
  isBeginning,
});

/** Marks where the history of a disk begins, unless it has a mark: with its oldest entry, which may be the new one. */
export async function markBeginning(top: string, entry: HistoryEntry): Promise<void> {
  if ((await readSmallFile(join(top, completeSinceFile))) !== undefined) return;
  const oldest = (await listHistory(top)).at(-1) ?? entry;
  await writeCompleteSince(top, { at: oldest.at, number: oldest.number - 1, isBeginning: true });
}

/** Marks a change that the history did not keep: earlier states are no longer known. */
export async function markGap(top: string, now: Date): Promise<void> {
  const [newest] = await listHistory(top);
  const at = new Date(Math.max(now.getTime(), newest?.at.getTime() ?? 0));
  await writeCompleteSince(top, { at, number: newest?.number ?? 0, isBeginning: false });
}

/** Replaces the mark. Call it before the change that it describes. */
export async function writeCompleteSince(top: string, whole: CompleteSince): Promise<void> {
  const mark = await readMark(top);
  const thinned = mark?.some && mark.number > whole.number ? toSince(mark) : undefined;
  await write(top, whole, thinned);
}

/** Call this before the state of an entry is given up. */
export async function noteThinned(top: string, entry: HistoryEntry): Promise<void> {
  await markBeginning(top, entry);
  const mark = await readMark(top);
  if (mark === undefined || mark.number >= entry.number) return;
  await write(top, toSince(mark.some ?? mark), { at: entry.at, number: entry.number, isBeginning: false });
}

async function write(top: string, whole: CompleteSince, thinned: CompleteSince | undefined): Promise<void> {
  const directory = await ownDirectory(top, changeLogDirectory);
  const text = JSON.stringify({ version: 1, ...(thinned ? { ...thinned, some: whole } : whole) });
  await replaceFile(join(directory, basename(completeSinceFile)), `${text}\n`);
}

/**
 * Call this before reporting a state of the mirror at a time.
 * @throws NotThereError when the history does not reach so far back, or that state was given up
 */
export async function assertReaches(top: string, at: Date): Promise<void> {
  const whole = await readCompleteSince(top);
  if (whole !== undefined && at < whole.at) throw tooFarBack(whole);
  const history = await listHistory(top);
  assertState(
    history,
    history.findLast((entry) => entry.at > at),
  );
}

/**
 * @param history the newest first
 * @param oldest the oldest entry to undo
 * @throws NotThereError when the state before it was given up
 */
export function assertState(history: readonly HistoryEntry[], oldest: HistoryEntry | undefined): void {
  if (oldest?.isThinned !== true) return;
  const index = history.findIndex(({ number }) => number === oldest.number);
  const earlier = history.slice(index).find(({ isThinned }) => isThinned !== true);
  const later = history.slice(0, index).findLastIndex(({ isThinned }) => isThinned !== true);
  const from = history[later + 1]?.at ?? oldest.at;
  const until = earlier && new Date(earlier.at.getTime() - 1);
  throw new NotThereError(
    'EXB_STATE_GIVEN_UP',
    'The state of that time was given up (history.keep), or a rollback was cut off there. The nearest ones: ' +
      `${earlier ? `the one before ${zonedTime(earlier.at, 'second')}, and ` : ''}the one from ${zonedTime(from, 'second')} on.`,
    `Ask for one of them, in UTC: ${until ? `${until.toISOString()} or ` : ''}${from.toISOString()} ; or look on another disk.`,
  );
}

/** Words for a time before the complete history. */
export const tooFarBack = ({ at, isBeginning }: CompleteSince): NotThereError =>
  new NotThereError(
    'EXB_BEFORE_HISTORY',
    isBeginning
      ? `The history on this disk begins at ${zonedTime(at, 'second')}; earlier states are not known.`
      : `The history on this disk reaches back to ${zonedTime(at, 'second')}; older entries were removed (age or lack of space).`,
    `Ask for a time from then on, in UTC: ${at.toISOString()} ; or look on another disk.`,
  );
