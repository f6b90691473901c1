/**
 * The mark of an entry whose state, the one before it, was given up: a file beside its log. It is on the disk before
 * anything of the entry is removed.
 */
import { open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { ownDirectory } from '../disk/own-directory.ts';
import { replaceFile } from '../system/new-file.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { readJsonInside } from '../system/read-json.ts';
import { changeLogDirectory, thinnedEnding, type HistoryEntry } from './history-entry.ts';

const schema = z.object({
  version: z.literal(1),
  /** Number of the entry with the nearest earlier state: from it on, older versions were looked for; null for not yet. */
  since: z.int().nullable(),
});

const markOf = ({ log }: Pick<HistoryEntry, 'log'>): string => log.replace(/\.log$/, thinnedEnding);

/** Marks an entry, or its progress. @param since see the schema */
export async function markThinned(entry: Pick<HistoryEntry, 'log'>, since: number | null): Promise<void> {
  await replaceFile(markOf(entry), `${JSON.stringify({ version: 1, since })}\n`);
  await flushDirectory(dirname(entry.log));
}

/** The number of {@link markThinned}; undefined if nothing was removed from the entry yet. */
export async function thinnedSince(entry: Pick<HistoryEntry, 'log'>): Promise<number | undefined> {
  return (await readJsonInside(schema, markOf(entry)))?.since ?? undefined;
}

/** Removes the mark of an entry that was removed. */
export const removeMark = (entry: Pick<HistoryEntry, 'log'>): Promise<void> => rm(markOf(entry), { force: true });

/** Removes marks of entries that are no longer in the history. */
export async function clearMarks(top: string, entries: readonly Pick<HistoryEntry, 'name'>[]): Promise<void> {
  const directory = join(top, changeLogDirectory);
  const known = new Set(entries.map(({ name }) => `${name}${thinnedEnding}`));
  for (const file of await readdir(directory).catch(() => []))
    if (file.endsWith(thinnedEnding) && !known.has(file)) await rm(join(directory, file), { force: true });
}

async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * File on the disk while the mirror is not a state that ever was: a rollback undoes a thinned entry. If it is cut off,
 * entries that follow get the mark, until a run is complete.
 */
const noStateFile = `${changeLogDirectory}/no-state`;

/** Call this before a thinned entry is undone. */
export async function noteNoState(top: string): Promise<void> {
  const directory = await ownDirectory(top, changeLogDirectory);
  await replaceFile(join(top, noStateFile), '');
  await flushDirectory(directory);
}

/** Call this when the mirror is a state again. */
export const noteState = (top: string): Promise<void> => rm(join(top, noStateFile), { force: true });

/** Marks a new entry if the mirror is not a state when it begins. */
export async function markIfNoState(top: string, entry: Pick<HistoryEntry, 'log'>): Promise<void> {
  if ((await readSmallFile(join(top, noStateFile))) !== undefined) await markThinned(entry, null);
}
