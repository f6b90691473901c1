import type { HistoryEntry } from './history-entry.ts';

/** What may be removed from the history. */
export interface KeepRule {
  readonly now: Date;
  /** Older entries go, in milliseconds; undefined when only space counts. */
  readonly age?: number;
  /** At most so many entries; 0 or undefined is no limit. */
  readonly count?: number;
  /** While less than this share of the disk is free, the oldest go. */
  readonly minFree: number;
  /** In milliseconds: younger entries are never removed for want of space. */
  readonly atLeast: number;
}

/**
 * The time that ages are measured at: that of the complete run before, so that a clock that is ahead, for once, makes
 * nothing old that is not.
 */
export const timeForAge = ({ lastSuccess }: { readonly lastSuccess: string | null }, now = new Date()): Date =>
  lastSuccess === null ? now : new Date(Math.min(now.getTime(), Date.parse(lastSuccess)));

type Dated = Pick<HistoryEntry, 'at'>;

const ageOf = ({ at }: Dated, { now }: KeepRule): number => now.getTime() - at.getTime();

/**
 * Entries that are too old or too many, the oldest first. The newest one always stays.
 * @param entries the newest first
 */
export function outdated<Entry extends Dated>(entries: readonly Entry[], rule: KeepRule): Entry[] {
  const most = rule.count !== undefined && rule.count > 0 ? rule.count : Infinity;
  return entries
    .filter((entry, index) => index > 0 && (index >= most || (rule.age !== undefined && ageOf(entry, rule) > rule.age)))
    .reverse();
}

/** Entries that may be removed for want of space, the oldest first. The newest one always stays. */
export function expendable<Entry extends Dated>(entries: readonly Entry[], rule: KeepRule): Entry[] {
  return entries
    .slice(1)
    .filter((entry) => ageOf(entry, rule) > rule.atLeast)
    .reverse();
}
