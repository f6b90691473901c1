import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ownDirectory } from '../disk/own-directory.ts';
import { NotThereError } from '../errors.ts';
import { writeNewFile } from '../system/new-file.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { readJsonInside } from '../system/read-json.ts';
import { changeLogDirectory, listHistory, type HistoryEntry } from './history-entry.ts';
import { zonedTime } from '../text/local-time.ts';

/** File on the disk with the start of its complete history: removing an entry makes the history shorter. */
const completeSinceFile = `${changeLogDirectory}/complete-since.json`;

const schema = z.object({
  version: z.literal(1),
  at: z.iso.datetime(),
  number: z.int(),
  /** Nothing was removed: the history begins at this time. */
  isBeginning: z.boolean(),
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
  const mark = await readJsonInside(schema, join(top, completeSinceFile));
  return mark && { at: new Date(mark.at), number: mark.number, isBeginning: mark.isBeginning };
}

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
export async function writeCompleteSince(top: string, { at, number, isBeginning }: CompleteSince): Promise<void> {
  await ownDirectory(top, changeLogDirectory);
  const file = join(top, completeSinceFile);
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  await writeNewFile(temporary, `${JSON.stringify({ version: 1, at: at.toISOString(), number, isBeginning })}\n`);
  await rename(temporary, file);
}

/**
 * Call this before reporting a state of the mirror at a time.
 * @throws NotThereError when the history does not reach so far back
 */
export async function assertReaches(top: string, at: Date): Promise<void> {
  const since = await readCompleteSince(top);
  if (since !== undefined && at < since.at) throw tooFarBack(since);
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
