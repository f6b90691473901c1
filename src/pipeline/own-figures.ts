import type { PullFigures } from '../bus/events.ts';
import type { PullSource } from '../config/sources.ts';
import type { Room } from '../disk/room.ts';
import type { Before } from '../guard/limits.ts';
import type { Counts } from '../bus/events.ts';
import type { Machine } from './machine.ts';

/** The observed changes of a pull. */
export interface Seen {
  /** The files in the mirror before, by our own count. */
  readonly before: Before;
  /** Created and deleted files, from lines that the server cannot forge; see newMark in change.ts. */
  readonly counts: Pick<Counts, 'created' | 'deleted'>;
  readonly roomBefore: Room;
  readonly roomAfter: Room;
}

/**
 * A larger claim than this leads to a count; smaller differences come from vanished files and blocks of directories.
 */
const slack = 1.01;

/**
 * The totals of a source after a complete pull: the base of the guard in later runs. rsync's statistics come from the
 * server, so they count only as far as observations explain them: the files before, files created and deleted since,
 * and the decrease of free room. If they claim more, the mirror is counted.
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
