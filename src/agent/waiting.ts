/** Disks that are plugged in and go on by themselves once the server is back, or another command has ended. */
import type { Failure } from '../bus/events.ts';
import type { Attach } from './attach-board.ts';

/** The failure after which the same disk is tried again by itself: the way to the server was broken, not the disk. */
const serverIsAway = 'EXB_NETWORK';

const firstPauseMs = 60_000;
const longestPauseMs = 30 * 60_000;

export const waitsForServer = (code: string | null | undefined): boolean => code === serverIsAway;

/** Lets a disk whose run did not reach the server wait, each time for twice as long, for at most half an hour. */
export function waitForServer(attach: Attach, failure: Failure, now = performance.now()): void {
  const pauseMs = Math.min(longestPauseMs, (attach.waitedMs ?? firstPauseMs / 2) * 2);
  attach.state = 'waiting-for-server';
  attach.message = `${failure.happened} It goes on by itself when the server is back. The disk is closed: safe to unplug.`;
  attach.waitedMs = pauseMs;
  attach.againAt = now + pauseMs;
}

/** Whether it is time to try the server again; after a restart of the agent it is. */
export const isDue = ({ state, againAt = 0 }: Attach, now = performance.now()): boolean =>
  state === 'waiting-for-server' && now >= againAt;

/** In how many milliseconds the next of them is due; undefined when none waits. */
export function nextDueIn(attaches: readonly Attach[], now = performance.now()): number | undefined {
  const times = attaches.filter(({ state }) => state === 'waiting-for-server').map(({ againAt = 0 }) => againAt);
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - now);
}
