import { z } from 'zod';
import { count } from '../text/wording.ts';

const amount = z.number().nonnegative();

/** Room of a disk after a complete run. `inodes` is 0 where the file system has no fixed number of them. */
export const roomAfterRunSchema = z.object({
  bytes: amount,
  freeBytes: amount,
  inodes: amount,
  freeInodes: amount,
});
export type RoomAfterRun = z.infer<typeof roomAfterRunSchema>;

/** So many runs are remembered, and looked at. */
const remembered = 5;

/** Two runs may differ for many reasons. */
const fewest = 3;

/** With so many runs left, the operator is told. */
const soon = 5;

/** With one more complete run; the oldest one is forgotten. */
export const withRoom = (rooms: readonly RoomAfterRun[] | undefined, { ...room }: RoomAfterRun): RoomAfterRun[] =>
  [...(rooms ?? []), room].slice(-remembered);

/**
 * After how many runs like the last ones a disk is full. History that goes by the settings makes room, so it counts.
 * @param rooms after the last complete runs, the newest last
 * @returns undefined when they say nothing, or room does not get less
 */
export function runsUntilFull(rooms: readonly RoomAfterRun[] = []): number | undefined {
  const [first, last] = [rooms[0], rooms.at(-1)];
  if (first === undefined || last === undefined || rooms.length < fewest || first.bytes !== last.bytes)
    return undefined;
  const runs = ([before, after]: readonly [number, number]): number =>
    after < before ? Math.floor((after * (rooms.length - 1)) / (before - after)) : Infinity;
  const least = Math.min(
    runs([first.freeBytes, last.freeBytes]),
    last.inodes > 0 ? runs([first.freeInodes, last.freeInodes]) : Infinity,
  );
  return Number.isFinite(least) ? least : undefined;
}

/** A remark for the status when a disk is full soon; empty otherwise. */
export function fullSoon({ rooms }: { readonly rooms?: readonly RoomAfterRun[] | undefined }): string[] {
  const runs = runsUntilFull(rooms);
  if (runs === undefined || runs > soon) return [];
  return [runs === 0 ? 'full in the next run at this rate' : `full in about ${count(runs, 'run')} at this rate`];
}

/** What the operator is told once, when a disk comes close to being full. */
export function roomNews(
  label: string,
  before: readonly RoomAfterRun[] | undefined,
  room: RoomAfterRun,
): readonly { readonly reason: string; readonly todo: string }[] {
  const [remark] = fullSoon({ rooms: withRoom(before, room) });
  if (remark === undefined || fullSoon({ rooms: before }).length > 0) return [];
  return [
    {
      reason: `Disk ${label} is ${remark}: each of the last runs left less room on it.`,
      todo:
        'Prepare a larger disk in time (extbackup drive prepare --help), or keep less history: history.keep in the ' +
        'settings, see extbackup(8).',
    },
  ];
}
