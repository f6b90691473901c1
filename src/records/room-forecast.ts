import * as z from 'zod';
import { english, type Speaker } from '../words/speaker.ts';

const amount = z.number().nonnegative();

/** Room of a disk after a complete run. `inodes` is 0 where the file system has no fixed number of them. */
export const roomAfterRunSchema = z.object({
  bytes: amount,
  freeBytes: amount,
  inodes: amount,
  freeInodes: amount,
});
export type RoomAfterRun = z.infer<typeof roomAfterRunSchema>;

/** The number of runs that are remembered and compared. */
const remembered = 5;

/** Fewer runs are no trend. */
const fewest = 3;

/** The operator is warned when this many runs are left. */
const soon = 5;

/** With one more complete run; the oldest one is forgotten. */
export const withRoom = (rooms: readonly RoomAfterRun[] | undefined, { ...room }: RoomAfterRun): RoomAfterRun[] =>
  [...(rooms ?? []), room].slice(-remembered);

/**
 * The number of runs like the last ones until a disk is full. Removed history makes room, so it is included.
 * @param rooms after the last complete runs, the newest last
 * @returns undefined without a trend, or if the room does not shrink
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
export function fullSoon(
  { rooms }: { readonly rooms?: readonly RoomAfterRun[] | undefined },
  words: Speaker = english,
): string[] {
  const runs = runsUntilFull(rooms);
  if (runs === undefined || runs > soon) return [];
  return [runs === 0 ? words.say('health.fullNext') : words.say('health.fullSoon', { runs: words.count(runs, 'run') })];
}

/** The warning when a disk is nearly full. */
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
