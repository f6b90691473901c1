import type { HistoryEntry } from './history-entry.ts';

/** The entries that may be removed from the history. Ages are measured, not claimed; see measured-time.ts. */
export interface KeepRule {
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
export type Kept = Pick<HistoryEntry, 'measured' | 'number'>;

const ageOf = ({ measured }: Kept, { now }: KeepRule): number => now.getTime() - measured.getTime();

/**
 * Entries that are too old or too many, the oldest first.
 * @param entries the newest first
 * @param before the number of the newest non-empty entry: it and all later ones always stay
 */
export function outdated<Entry extends Kept>(entries: readonly Entry[], rule: KeepRule, before: number): Entry[] {
  const most = rule.count !== undefined && rule.count > 0 ? rule.count : Infinity;
  const oldest = rule.age === undefined ? Infinity : Math.max(rule.age, rule.atLeast);
  return entries
    .filter((entry, index) => entry.number < before && (index >= most || ageOf(entry, rule) > oldest))
    .reverse();
}

/** Entries that may be removed for lack of space, the oldest first. @param before as in {@link outdated} */
export const expendable = <Entry extends Kept>(entries: readonly Entry[], rule: KeepRule, before: number): Entry[] =>
  entries.filter((entry) => entry.number < before && ageOf(entry, rule) > rule.atLeast).reverse();
