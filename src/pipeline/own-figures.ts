import type { PullFigures } from '../bus/events.ts';
import type { PullSource } from '../config/sources.ts';
import type { Room } from '../disk/room.ts';
import type { Before } from '../guard/limits.ts';
import type { Counts } from '../bus/events.ts';
import type { Machine } from './machine.ts';

/** What a pull was seen to do. */
export interface Seen {
  /** What the mirror held before, by our own count. */
  readonly before: Before;
  /** Created and deleted, by lines that the server cannot forge; see newMark in change.ts. */
  readonly counts: Pick<Counts, 'created' | 'deleted'>;
  readonly roomBefore: Room;
  readonly roomAfter: Room;
}

/** So much more may be told without a count: files that vanished, blocks of directories. The lesser figure is taken. */
const slack = 1.01;

/**
 * The totals of a source after a complete pull: the base of the guard in later runs. rsync's statistics are what a server
 * lists, and what it can print, so they count only as far as what was seen explains them: the files before, those created
 * and deleted since, and by how much less room is free. Where they say more, the mirror is counted.
 */
export async function ownFigures(
  told: PullFigures,
  { before, counts, roomBefore, roomAfter }: Seen,
  machine: Pick<Machine, 'countMirror'>,
  source: PullSource,
  signal: AbortSignal,
): Promise<PullFigures> {
  const most = {
    files: Math.max(0, before.filesTotal + counts.created - counts.deleted),
    bytes: before.bytesTotal + Math.max(0, roomBefore.freeBytes - roomAfter.freeBytes),
  };
  const isExplained = told.filesTotal <= most.files * slack && told.bytesTotal <= most.bytes * slack;
  const own = isExplained ? most : await machine.countMirror(source, signal);
  return {
    ...told,
    filesTotal: Math.min(told.filesTotal, own.files),
    bytesTotal: Math.min(told.bytesTotal, own.bytes),
  };
}
