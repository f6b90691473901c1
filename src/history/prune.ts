import { rm, statfs } from 'node:fs/promises';
import { throwIfCancelled } from '../system/undo.ts';
import type { StartProgram } from '../system/command.ts';
import { listHistory, type HistoryEntry } from './history-entry.ts';
import { expendable, outdated, type KeepRule } from './retention.ts';

/**
 * Removes entries of an opened disk's history: those that are too old or too many, then the oldest ones while too
 * little of the disk is free.
 * @returns how many
 */
export async function pruneHistory(
  start: StartProgram,
  top: string,
  rule: KeepRule,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  const remove = async (entry: HistoryEntry): Promise<void> => {
    throwIfCancelled(signal);
    await removeEntry(start, entry, signal);
    removed += 1;
  };
  for (const entry of outdated(await listHistory(top), rule)) await remove(entry);
  for (const entry of expendable(await listHistory(top), rule)) {
    if ((await freeShare(top)) >= rule.minFree) break;
    await remove(entry);
  }
  return removed;
}

/** The files first: without its log an entry is still an entry. */
export async function removeEntry(start: StartProgram, entry: HistoryEntry, signal: AbortSignal): Promise<void> {
  await start({
    file: '/usr/bin/rm',
    args: ['-rf', '--one-file-system', '--', entry.directory],
    timeoutMs: 6 * 3_600_000,
    signal,
  });
  await rm(entry.log, { force: true });
}

/** Which part of the file system root may still fill. */
async function freeShare(top: string): Promise<number> {
  const { bfree, blocks } = await statfs(top);
  return blocks === 0 ? 1 : bfree / blocks;
}
