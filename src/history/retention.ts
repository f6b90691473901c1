import type { HistoryEntry } from './history-entry.ts';

/** The entries that may be removed from the history. Ages are measured, not claimed; see measured-time.ts. */
export interface KeepRule {
  /** The disk's measured time. */
  readonly now: Date;
  /** Older entries go, in milliseconds; undefined when only space counts. */
  readonly age?: number;
  /** Most entries; 0 or undefined is no limit. */
  readonly count?: number;
  /** While less than this share of the disk is free, the oldest go. */
  readonly minFree: number;
  /** In milliseconds: younger entries are never removed, neither for want of space nor for their age. */
  readonly atLeast: number;
  /** Of all entries, and of the disk's bytes: no more than this share goes in one run. */
  readonly perRun: number;
}

/** The facts about an entry that matter here. */
export type Kept = Pick<HistoryEntry, 'measured' | 'number'>;

const ageOf = ({ measured }: Kept, { now }: KeepRule): number => now.getTime() - measured.getTime();

/**
 * Entries that are too old or too many, the oldest first.
 * @param entries the newest first
 * @param before the newest one with something in it, and all later ones, always stay
 */
export function outdated<Entry extends Kept>(entries: readonly Entry[], rule: KeepRule, before: number): Entry[] {
  const most = rule.count !== undefined && rule.count > 0 ? rule.count : Infinity;
  const oldest = rule.age === undefined ? Infinity : Math.max(rule.age, rule.atLeast);
  return entries
    .filter((entry, index) => entry.number < before && (index >= most || ageOf(entry, rule) > oldest))
    .reverse();
}

/** Entries that may be removed for want of space, the oldest first. @param before as in {@link outdated} */
export const expendable = <Entry extends Kept>(entries: readonly Entry[], rule: KeepRule, before: number): Entry[] =>
  entries.filter((entry) => entry.number < before && ageOf(entry, rule) > rule.atLeast).reverse();
