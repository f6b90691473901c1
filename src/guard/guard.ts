import { createContentSampler, type ContentSampler } from './content-sampler.ts';
import { bytesOfPath } from '../history/change-log.ts';
import type { Change } from '../history/change.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { Config } from '../config/schema.ts';
import { agreement, type Hold } from './hold.ts';
import { exceeded, limitsFor, type Before, type Excess, type Limits } from './limits.ts';
import { createTally, type Tally } from './tally.ts';
import type { Counts } from '../bus/events.ts';
import { joinSignals } from '../system/joined-signal.ts';

/** Name and size of a file to be deleted. */
export interface DoomedFile {
  /** Name without directories; each byte is one character. */
  readonly name: string;
  readonly size: number;
}

/** Counts the changes of a run as they happen, and ends the run when they are too many. */
export interface Guard {
  readonly tally: Tally;
  /** undefined without limits: an empty disk, or no guard. */
  readonly before: Before | undefined;
  readonly limits: Limits | undefined;
  /** The limit that was exceeded, if any. */
  excess(): Excess | undefined;
  /** undefined when the content is not sampled: an empty disk, an approved run, or turned off. */
  readonly content: ContentSampler | undefined;
  /** Directories for the files that this run replaces, the oldest first. */
  readonly kept: HistoryEntry[];
  /** Aborted with the run, and when a limit is exceeded. */
  readonly signal: AbortSignal;
  see(change: Change): void;
  /** Adds the changes that a dry run of the rest found. The file in progress at the end of the run is in both lists. */
  seeRest(change: Change): void;
  /**
   * Adds up the size of the files to be deleted, except those that this run created elsewhere with the same name and
   * size: a moved directory is no loss.
   */
  weigh(doomed: readonly DoomedFile[]): void;
  /** The limit that would be exceeded with these changes added. */
  wouldExceed(more: Partial<Counts>): Excess | undefined;
}

/**
 * rsync's name for an unfinished file: `.NAME.XXXXXX`. An rsync that is being stopped may need a moment to remove it.
 */
const unfinished = /(?:^|\/)\.[^/]+\.[A-Za-z0-9]{6}$/;

/** The number of new files that are remembered, to recognise moved ones. */
const mostNewNames = 100_000;

/** Figures of a disk before a run; a disk without files has no limits. */
export interface DiskBefore extends Before {
  /** Time stamp of the last complete run; null before the first one. */
  readonly lastSuccess: string | null;
  readonly hold?: Hold | undefined;
}

/** @param signal of the run */
export function createGuard(guard: Config['guard'], record: DiskBefore, signal: AbortSignal): Guard {
  const before = record.filesTotal === 0 ? undefined : record;
  const agreed = agreement(record.hold).counts;
  const limits = limitsFor(guard, before, agreed, record.lastSuccess === null);
  const tally = createTally();
  const stop = new AbortController();
  const looks = guard.enabled && guard.content !== 'off' && before !== undefined && agreed === undefined;
  const content = looks ? createContentSampler() : undefined;
  const moved = createMovedFiles();
  let lastPath: string | undefined;
  let excess: Excess | undefined;
  const over = (counts: Counts): Excess | undefined => exceeded(limits, counts, guard.floor);
  return {
    tally,
    before: limits && before,
    limits,
    content,
    kept: [],
    excess: () => excess,
    signal: joinSignals([signal, stop.signal]).signal,
    seeRest: (change) => {
      const inHand = change.kind === 'deleted' ? unfinished.test(change.path) : change.path === lastPath;
      if (!inHand) tally.add(change);
    },
    see: (change) => {
      lastPath = change.path;
      tally.add(change);
      content?.see(change);
      if (change.kind === 'created' && !change.isDirectory) moved.see(change);
      excess ??= over(tally.counts);
      if (excess !== undefined) stop.abort();
    },
    weigh: (doomed) => {
      tally.addDeletedBytes(doomed.reduce((sum, file) => (moved.take(file) ? sum : sum + file.size), 0));
    },
    wouldExceed: (more) => over(sumOf(tally.counts, more)),
  };
}

const sumOf = (counts: Counts, more: Partial<Counts>): Counts => ({
  created: counts.created + (more.created ?? 0),
  changed: counts.changed + (more.changed ?? 0),
  changedBytes: counts.changedBytes + (more.changedBytes ?? 0),
  deleted: counts.deleted + (more.deleted ?? 0),
  deletedBytes: (counts.deletedBytes ?? 0) + (more.deletedBytes ?? 0),
  attributes: (counts.attributes ?? 0) + (more.attributes ?? 0),
});

/** The last part of a path as rsync prints it; each byte is one character, as in {@link DoomedFile}. */
function nameOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /[^\x20-\x7e]|\\#/.test(name) ? bytesOfPath(name).toString('latin1') : name;
}

/** New files by name and size; each one accounts for at most one deleted file. */
function createMovedFiles(): {
  see(change: Pick<Change, 'path' | 'size'>): void;
  /** Whether this deleted file was moved elsewhere. */
  take(file: DoomedFile): boolean;
} {
  const counts = new Map<string, number>();
  return {
    see: ({ path, size }) => {
      const key = `${size} ${nameOf(path)}`;
      const known = counts.get(key);
      if (known !== undefined || counts.size < mostNewNames) counts.set(key, (known ?? 0) + 1);
    },
    take: ({ name, size }) => {
      const left = counts.get(`${size} ${name}`) ?? 0;
      if (left > 0) counts.set(`${size} ${name}`, left - 1);
      return left > 0;
    },
  };
}
