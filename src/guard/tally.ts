import type { Counts } from '../bus/events.ts';
import type { Change } from '../history/change.ts';

/** Adds up changes, in constant space. */
export interface Tally {
  /** Adds the size of deleted files, which rsync does not print. */
  addDeletedBytes(bytes: number): void;
  readonly counts: Counts;
  /** By the first part of the path, in order of arrival. These are file names: only for the disk. */
  readonly byDirectory: ReadonlyMap<string, Counts>;
  add(change: Change): void;
}

const mostDirectories = 1_000;
const theRest = '(all others)';
const none: Counts = { created: 0, changed: 0, deleted: 0, changedBytes: 0 };

type Counting = { -readonly [Key in keyof Counts]: Counts[Key] };

function count(counts: Counting, { kind, size }: Change): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
  if (kind === 'changed') counts.changedBytes += size;
}

export function createTally(): Tally {
  const counts: Counting = { ...none };
  const byDirectory = new Map<string, Counting>();
  const placeFor = (name: string): Counting => {
    const place = byDirectory.get(name) ?? { ...none };
    byDirectory.set(name, place);
    return place;
  };
  return {
    counts,
    byDirectory,
    addDeletedBytes: (bytes) => {
      counts.deletedBytes = (counts.deletedBytes ?? 0) + bytes;
    },
    add: (change) => {
      // A new or missing directory shows in its files; a changed owner of a directory shows nowhere else.
      if (change.isDirectory && change.kind !== 'attributes') return;
      const slash = change.path.indexOf('/');
      const name = slash < 0 ? '.' : change.path.slice(0, slash);
      const place = byDirectory.get(name) ?? placeFor(byDirectory.size < mostDirectories ? name : theRest);
      count(counts, change);
      count(place, change);
    },
  };
}
