import { readRoom } from '../disk/room.ts';
import { throwIfCancelled } from '../system/undo.ts';
import type { Budget } from './budget.ts';
import { noteThinned } from './complete-since.ts';
import type { HistoryEntry } from './history-entry.ts';
import { thinEntry } from './thin-entry.ts';
import { markThinned, thinnedSince } from './thinned-mark.ts';

/** The states that were given up. */
export interface Thinned {
  readonly states: number;
  /** Measured: the room that was gained. */
  readonly bytes: number;
  /** More states could be given up, but not in one run. */
  readonly isCapped: boolean;
}

/** The input of {@link thinHistory}. */
export interface ThinOrder {
  /** All entries, the newest first. */
  readonly entries: readonly HistoryEntry[];
  /** Numbers of the entries whose state stays. */
  readonly points: ReadonlySet<number>;
  readonly budget: Budget;
  /** This entry and all later ones are left as they are. */
  readonly before: number;
}

/**
 * Gives up the states that a rule by weeks, months or years does not keep, the oldest first: what is between two
 * states that stay is only needed as far as the earlier one needs it.
 */
export async function thinHistory(
  top: string,
  { entries, points, budget, before }: ThinOrder,
  signal: AbortSignal,
): Promise<Thinned> {
  const free = async (): Promise<number> => (await readRoom(top)).freeBytes;
  const begun = await free();
  let states = 0;
  let isCapped = false;
  let chain: HistoryEntry[] = []; // a state that stays, and the entries after it whose state does not
  for (const entry of entries.toReversed()) {
    if (entry.number >= before) break;
    throwIfCancelled(signal);
    const [first] = chain;
    const isDue = entry.isThinned !== true && !points.has(entry.number) && first !== undefined;
    const isOver = budget.bytes <= 0 || (isDue && budget.entries <= 0);
    isCapped ||= isDue && isOver;
    if (entry.isThinned !== true && (!isDue || isOver)) {
      chain = [entry];
      continue;
    }
    if (first === undefined) continue; // the rest of entries that are being removed
    if (!isOver && (await thinnedSince(entry)) !== first.number) {
      const had = await free();
      if (isDue) {
        await giveUp(top, entry, signal);
        budget.entries -= 1;
        states += 1;
      }
      throwIfCancelled(signal);
      await thinEntry(entry, chain, signal);
      throwIfCancelled(signal);
      await markThinned(entry, first.number);
      budget.bytes -= Math.max(0, (await free()) - had);
    }
    chain.push(entry);
  }
  return { states, bytes: Math.max(0, (await free()) - begun), isCapped };
}

/** Before anything is removed, no reader takes this state for one any more, those of older versions included. */
async function giveUp(top: string, entry: HistoryEntry, signal: AbortSignal): Promise<void> {
  await noteThinned(top, entry);
  throwIfCancelled(signal);
  await markThinned(entry, null);
}
