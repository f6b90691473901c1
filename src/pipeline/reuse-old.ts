import type { DoomedName } from '../history/doomed.ts';
import { checkContent } from './content-alarm.ts';
import { weigh } from './guard-base.ts';
import { holdRun } from './hold-run.ts';
import { keeping } from './keeping.ts';
import type { RoomParts } from './room-parts.ts';
import type { Survey } from './survey.ts';

/**
 * Makes room without removing history: a file that was renamed on the server gets its new name on the disk as a hard
 * link, beside the old one. If no history is kept, files that are gone on the server are deleted before the rest is
 * copied, within the limits of the guard.
 * @returns whether there may be more room, so that another try makes sense
 * @throws HeldError
 */
export async function reuseOld(parts: RoomParts, found: Survey, signal: AbortSignal): Promise<boolean> {
  const { job, machine, guard, order } = parts;
  await machine.removePartials(order.source); // the file that did not fit is of no use
  if (!found.isWhole) return false;
  const kept = await keeping(job, machine, guard);
  if ((await machine.linkRenamed({ ...order, ...kept }, found, signal)) > 0) return true;
  return !job.config.history.enabled && found.counts.deleted > 0 && (await deleteFirst(parts, found, signal));
}

async function deleteFirst(
  { job, machine, story, guard, order }: RoomParts,
  found: Survey,
  signal: AbortSignal,
): Promise<boolean> {
  if (await checkContent(job, machine, guard, order, found.counts.deleted, story)) return false;
  await weigh(guard, order.source, found.doomed, machine, signal);
  if (guard.wouldExceed(found.counts) !== undefined) throw await holdRun(job, machine, guard, order, signal);
  const count = found.doomed.length + found.directories.length;
  const { figures } = await machine.pull(
    { ...order, deleteLimit: count, doomed: { names: topmost(found), count } },
    guard.signal,
  );
  if (guard.excess() !== undefined) throw await holdRun(job, machine, guard, order, signal);
  return figures.filesDeleted > 0;
}

/** Names without those inside a directory that is also in the list. */
function topmost({ doomed, directories }: Survey): DoomedName[] {
  const going = new Set(directories.map((path) => path.toString('latin1')));
  const isTop = (path: Buffer): boolean => {
    const text = path.toString('latin1');
    for (let end = text.indexOf('/'); end >= 0; end = text.indexOf('/', end + 1))
      if (going.has(text.slice(0, end))) return false;
    return true;
  };
  return [
    ...directories.filter(isTop).map((path) => ({ path, isDirectory: true })),
    ...doomed.filter(isTop).map((path) => ({ path, isDirectory: false })),
  ];
}
