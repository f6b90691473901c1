import type { Change } from '../history/change.ts';

/** How much a run did, or would do. Files; directories do not count. */
export interface Counts {
  readonly created: number;
  readonly changed: number;
  readonly deleted: number;
  /** Size of the changed files. */
  readonly changedBytes: number;
}

/** Adds up changes. Its size does not grow with their number. */
export interface Tally {
  readonly counts: Counts;
  /** By the first part of the path, in the order in which they came. These are file names: for the disk only. */
  readonly byDirectory: ReadonlyMap<string, Counts>;
  add(change: Change): void;
}

const mostDirectories = 1_000;
const theRest = '(all others)';
const none: Counts = { created: 0, changed: 0, deleted: 0, changedBytes: 0 };

export function createTally(): Tally {
  const counts = { ...none };
  const byDirectory = new Map<string, { -readonly [Key in keyof Counts]: Counts[Key] }>();
  return {
    counts,
    byDirectory,
    add: (change) => {
      if (change.isDirectory) return;
      const slash = change.path.indexOf('/');
      const name = slash < 0 ? '.' : change.path.slice(0, slash);
      const key = byDirectory.has(name) || byDirectory.size < mostDirectories ? name : theRest;
      const place = byDirectory.get(key) ?? { ...none };
      byDirectory.set(key, place);
      for (const target of [counts, place]) {
        target[change.kind] += 1;
        if (change.kind === 'changed') target.changedBytes += change.size;
      }
    },
  };
}
