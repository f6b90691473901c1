import type { HistoryEntry } from './history-entry.ts';
import { firstsOf, type Periods } from './periods.ts';

/** The entries that may be removed from the history. Ages are measured, not claimed; see measured-time.ts. */
export interface KeepRule extends Periods {
  /** The disk's measured time. */
  readonly now: Date;
  /** Older entries are removed, in milliseconds; undefined when only space counts. */
  readonly age?: number;
  /** Most entries; 0 or undefined is no limit. */
  readonly count?: number;
  /** While less than this share of the disk is free, the oldest entries are removed. */
  readonly minFree: number;
  /** In milliseconds: younger entries are never removed, neither for lack of space nor for their age. */
  readonly atLeast: number;
  /** One run removes at most this share of the entries, and of the disk's bytes. */
  readonly perRun: number;
}

/** The facts about an entry that are used here. */
export type Kept = Pick<HistoryEntry, 'measured' | 'number' | 'isThinned'>;

const ageOf = ({ measured }: Kept, { now }: KeepRule): number => now.getTime() - measured.getTime();

/**
 * Entries that are too old or too many, or older than every state that a rule by weeks, months or years keeps; the
 * oldest first. A thinned entry goes with the one that it belongs to.
 * @param entries the newest first
 * @param before the number of the newest non-empty entry: it and all later ones always stay
 * @param asked see {@link restorePoints}
 */
export function outdated<Entry extends Kept>(
  entries: readonly Entry[],
  rule: KeepRule,
  before: number,
  asked?: number,
): Entry[] {
  const most = rule.count !== undefined && rule.count > 0 ? rule.count : Infinity;
  const longest = rule.age === undefined ? Infinity : Math.max(rule.age, rule.atLeast);
  const points = restorePoints(entries, rule, before, asked);
  const oldest = entries
    .filter(({ isThinned }) => isThinned !== true)
    .findLast(
      (entry, index) =>
        entry.number >= before || (index < most && ageOf(entry, rule) <= longest && points.has(entry.number)),
    );
  const end = Math.min(before, oldest?.number ?? Infinity);
  return entries.filter((entry) => entry.number < end && mayGo(entry, rule)).reverse();
}

/** An interrupted rollback can leave a young entry without a state of its own. */
const mayGo = (entry: Kept, rule: KeepRule): boolean => entry.isThinned !== true || ageOf(entry, rule) > rule.atLeast;

/** Entries that may be removed for lack of space, the oldest first. @param before as in {@link outdated} */
export const expendable = <Entry extends Kept>(entries: readonly Entry[], rule: KeepRule, before: number): Entry[] =>
  entries.filter((entry) => entry.number < before && ageOf(entry, rule) > rule.atLeast).reverse();

/**
 * The entries whose state, the one before them, stays: all young ones, and the first one of each of the last weeks,
 * months and years; without such a rule, all of them.
 * @param entries the newest first
 * @param asked the state after this number stays: of the last complete run, which a rollback goes back to
 */
export function restorePoints(
  entries: readonly Kept[],
  rule: KeepRule,
  before: number,
  asked = Infinity,
): ReadonlySet<number> {
  const states = entries.filter(({ isThinned }) => isThinned !== true).reverse();
  const byPeriod = firstsOf(states, rule);
  const afterAsked = states.find(({ number }) => number > asked)?.number;
  return new Set(
    states
      .filter(
        (entry) =>
          byPeriod === undefined ||
          entry.number >= before ||
          entry.number === afterAsked ||
          ageOf(entry, rule) <= rule.atLeast ||
          byPeriod.has(entry.number),
      )
      .map(({ number }) => number),
  );
}
