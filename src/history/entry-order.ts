import type { EntryStamp } from './entry-stamp.ts';

/** An entry on the disk. */
export interface FoundEntry {
  readonly name: string;
  /** The time in its name. */
  readonly claimed: Date;
  readonly stamp?: EntryStamp;
}

/** Its place among the others. */
export interface Place {
  /** Increases with each entry; entries from before numbering have 0 (the newest of them) and below. */
  readonly number: number;
  /**
   * Best known start time, later than the time of every entry before it: the time in its name, unless a later entry
   * contradicts it, or the clock had jumped.
   */
  readonly at: Date;
  /** Start on the disk's measured time, the base of ages. */
  readonly measured: Date;
}

/** Longest time between two entries without a number: one of their clocks may have been years ahead. */
export const longestUnmeasured = 31 * 86_400_000;

/**
 * Sorts entries in the order of their creation, the oldest first. Entries without a number come first, by name.
 * Pure: the same entries give the same order.
 */
export function orderEntries<Found extends FoundEntry>(found: readonly Found[]): readonly (Found & Place)[] {
  const ordered = found.toSorted(
    (a, b) =>
      (a.stamp?.number ?? 0) - (b.stamp?.number ?? 0) ||
      a.claimed.getTime() - b.claimed.getTime() ||
      (a.name < b.name ? -1 : 1),
  );
  const unnumbered = ordered.findIndex(({ stamp }) => stamp !== undefined);
  const legacy = unnumbered < 0 ? ordered.length : unnumbered;
  const measured = measuredTimes(ordered, legacy);
  const times = believable(ordered, measured);
  return ordered.map((entry, index) => ({
    ...entry,
    number: entry.stamp?.number ?? index + 1 - legacy,
    at: new Date(times[index] ?? 0),
    measured: new Date(measured[index] ?? 0),
  }));
}

/**
 * Never before the time of an earlier entry. For an entry without a stamp, the distance to the next one is taken from
 * the names, within limits.
 */
function measuredTimes(ordered: readonly FoundEntry[], legacy: number): number[] {
  const times: number[] = [];
  for (let index = legacy; index < ordered.length; index += 1)
    times[index] = Math.max(times[index - 1] ?? 0, ordered[index]?.stamp?.measured.getTime() ?? 0);
  for (let index = legacy - 1; index >= 0; index -= 1) {
    const [here, next] = [ordered[index]?.claimed.getTime() ?? 0, ordered[index + 1]?.claimed.getTime()];
    const gap = next === undefined ? 0 : Math.max(0, Math.min(next - here, longestUnmeasured));
    times[index] = (times[index + 1] ?? here) - gap;
  }
  return times;
}

/** An entry cannot be later than its successor, and a clock is not trusted after a jump. */
function believable(ordered: readonly FoundEntry[], measured: readonly number[]): number[] {
  const claims: (number | undefined)[] = [];
  let next = Infinity;
  for (const [index, { claimed, stamp }] of [...ordered.entries()].reverse()) {
    const isBelieved = stamp?.isDoubtful !== true && claimed.getTime() <= next;
    claims[index] = isBelieved ? claimed.getTime() : undefined;
    if (isBelieved) next = claimed.getTime();
  }
  const times: number[] = [];
  for (const [index, claim] of claims.entries()) {
    const before = times[index - 1];
    times[index] = Math.max(claim ?? estimate(index, claims, times, measured), before === undefined ? 0 : before + 1);
  }
  return times;
}

/** The measured distance from the entry before, or from the next trusted one. */
function estimate(
  index: number,
  claims: readonly (number | undefined)[],
  times: readonly number[],
  measured: readonly number[],
): number {
  const after = claims.findIndex((claim, at) => at > index && claim !== undefined);
  const limit = claims[after] ?? Infinity; // each entry in between takes a millisecond
  const since = (other: number): number => (measured[index] ?? 0) - (measured[other] ?? 0);
  if (index > 0) return Math.min(limit - (after - index), (times[index - 1] ?? 0) + since(index - 1));
  return after < 0 ? (measured[index] ?? 0) : limit - Math.max(after - index, -since(after));
}
