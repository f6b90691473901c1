import { nothingLeft, shortageOf, type Room, type RoomWanted, type Shortage } from '../disk/room.ts';
import type { KeepRule } from '../history/retention.ts';
import type { HeldError } from '../guard/hold.ts';
import type { RsyncOutcome } from '../rsync/order.ts';
import { holdRun } from './hold-run.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import { reuseOld } from './reuse-old.ts';
import type { RoomParts } from './room-parts.ts';
import type { Story } from './story.ts';
import { survey, type Survey } from './survey.ts';

/** Makes room for a pull by removing the disk's oldest history. */
export interface RoomMaker {
  /** Before a phase, which would fail on a disk without any room. @throws HeldError */
  ensure(signal: AbortSignal): Promise<void>;
  /**
   * After a phase that failed for lack of room. @returns whether there is more room than before
   * @throws HeldError
   */
  more(outcome: Pick<RsyncOutcome, 'trouble' | 'shortage'>, signal: AbortSignal): Promise<boolean>;
}

/** Has its own count of tries, apart from broken connections. */
export function createRoomMaker(parts: RoomParts): RoomMaker {
  let tries = 0;
  return {
    ensure: async (signal) => {
      const room = await parts.machine.readRoom();
      const shortage = shortageOf(room, nothingLeft(room));
      if (shortage === undefined) return;
      if (parts.guard.before && isTooMuch(parts, await survey(parts.machine, parts.order, signal)))
        throw await hold(parts, signal);
      await giveUpHistory(parts, shortage, wantedAfter(parts.job, room, shortage, 0), signal);
    },
    more: async (outcome, signal) => {
      const { trouble, shortage } = outcome;
      // Only a measurement may remove history: output and exit code may come from the server.
      if (trouble !== 'disk-full' || shortage === undefined) return false;
      tries += 1;
      const found = await survey(parts.machine, parts.order, signal);
      if (isTooMuch(parts, found)) throw await hold(parts, signal);
      if (tries === 1 && (await reuseOld(parts, found, signal))) return true;
      const room = await parts.machine.readRoom();
      return giveUpHistory(parts, shortage, wantedAfter(parts.job, room, shortage, tries), signal);
    },
  };
}

/** The file that did not fit is larger than the free room. */
function wantedAfter({ config: { history } }: Job, room: Room, shortage: Shortage, tries: number): RoomWanted {
  const share = Math.min(0.9, history.keep.minFree + 0.1 * tries);
  const most = (whole: number, free: number): number =>
    Math.min(0.9 * whole, Math.max(share * whole, free + 0.1 * whole * Math.sign(tries)));
  return shortage === 'blocks'
    ? { bytes: most(room.bytes, room.freeBytes), inodes: 0 }
    : { bytes: 0, inodes: most(room.inodes, room.freeInodes) };
}

/** The new files on a full disk may be encrypted ones. */
const isTooMuch = ({ guard }: RoomParts, { counts }: Survey): boolean =>
  guard.before !== undefined && guard.wouldExceed(counts) !== undefined;

const hold = ({ job, machine, guard, order }: RoomParts, signal: AbortSignal): Promise<HeldError> =>
  holdRun(job, machine, guard, order, signal);

/** Never for a source that looks wrong: its files must not push out good copies. */
async function giveUpHistory(
  { job, machine, story }: RoomParts,
  shortage: Shortage,
  wanted: RoomWanted,
  signal: AbortSignal,
): Promise<boolean> {
  const { history } = job.config;
  if (!history.enabled || job.record.suspicion !== undefined || job.time === undefined) return false;
  if (history.whenFull === 'stop') return false;
  const { phase } = story;
  story.enter('pruning');
  const removed = await prune(job, machine, story, signal, { shortage, wanted });
  story.enter(phase);
  return removed > 0;
}

/** Removes history by the settings, or for lack of room, and reports amount and reason. */
export async function prune(
  { config: { history }, time, record }: Job,
  machine: Machine,
  story: Story,
  signal: AbortSignal,
  want?: { readonly shortage: Shortage; readonly wanted: RoomWanted },
): Promise<number> {
  if (time === undefined) return 0;
  const rule: KeepRule = { now: time.measured, ...history.keep };
  const { historyNumber: asked } = record;
  const { removed, bytes, isCapped, stuck, thinned } = await machine.pruneHistory(
    { rule, position: time.position, ...(want && { wanted: want.wanted }), ...(asked !== undefined && { asked }) },
    signal,
  );
  if (removed > 0 || stuck > 0 || thinned)
    story.tell('history:pruned', {
      ...{ removed, bytes, why: want?.shortage ?? 'rule', capped: isCapped, stuck },
      ...(thinned && { givenUp: thinned }),
    });
  return removed;
}
