import { createContentSampler, type ContentSampler } from './content-sampler.ts';
import type { Change } from '../history/change.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { Config } from '../config/schema.ts';
import { agreement, type Hold } from './hold.ts';
import { exceeded, limitsFor, type Before, type Excess } from './limits.ts';
import { createTally, type Tally } from './tally.ts';
import type { Counts } from '../bus/events.ts';

/** Counts what a run does while it does it, and ends it when that is too much. */
export interface Guard {
  readonly tally: Tally;
  /** undefined when nothing can be too much: the first run, or no guard. */
  readonly before: Before | undefined;
  /** The limit that was exceeded, if any. */
  excess(): Excess | undefined;
  /** undefined when the content is not looked at: the first run, an approved one, or not wanted. */
  readonly content: ContentSampler | undefined;
  /** Where this run keeps what it replaces, the oldest first. */
  readonly kept: HistoryEntry[];
  /** Aborted with the run, and when a limit is exceeded. */
  readonly signal: AbortSignal;
  see(change: Change): void;
  /** Counts what a look at the rest found: the file that was in hand when the run was ended is named by both. */
  seeRest(change: Change): void;
  /** Which limit would be exceeded if so much came on top. */
  wouldExceed(more: Partial<Pick<Counts, Excess>>): Excess | undefined;
}

/** What rsync calls a file until it is complete: `.NAME.XXXXXX`. One that is ended may need a moment to remove it. */
const unfinished = /(?:^|\/)\.[^/]+\.[A-Za-z0-9]{6}$/;

/** What is known of a disk before a run. */
export interface DiskBefore extends Before {
  /** Time of the last complete run; null before the first one. */
  readonly lastSuccess: string | null;
  readonly hold?: Hold | undefined;
}

/** @param signal of the run */
export function createGuard(guard: Config['guard'], record: DiskBefore, signal: AbortSignal): Guard {
  const before = record.lastSuccess === null ? undefined : record;
  const agreed = agreement(record.hold).counts;
  const limits = limitsFor(guard, before, agreed);
  const tally = createTally();
  const stop = new AbortController();
  const looks = guard.enabled && guard.content !== 'off' && record.lastSuccess !== null && agreed === undefined;
  const content = looks ? createContentSampler() : undefined;
  let lastPath: string | undefined;
  let excess: Excess | undefined;
  const over = (counts: Counts): Excess | undefined => exceeded(limits, counts, guard.floor);
  return {
    tally,
    before: limits && before,
    content,
    kept: [],
    excess: () => excess,
    signal: AbortSignal.any([signal, stop.signal]),
    seeRest: (change) => {
      const inHand = change.kind === 'deleted' ? unfinished.test(change.path) : change.path === lastPath;
      if (!inHand) tally.add(change);
    },
    see: (change) => {
      lastPath = change.path;
      tally.add(change);
      content?.see(change);
      excess ??= over(tally.counts);
      if (excess !== undefined) stop.abort();
    },
    wouldExceed: ({ changed = 0, deleted = 0, changedBytes = 0 }) => {
      const { counts } = tally;
      return over({
        ...counts,
        changed: counts.changed + changed,
        deleted: counts.deleted + deleted,
        changedBytes: counts.changedBytes + changedBytes,
      });
    },
  };
}
