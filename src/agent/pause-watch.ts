import type { Bus } from '../bus/bus.ts';
import type { Pause } from '../records/pause.ts';

/** A pause whose end moves back by more than this was extended; less is the reading's own inaccuracy. */
const sameEndMs = 2_000;

/** Wraps the reading of the pause: emits an event when one begins or is extended, and when it has ended. */
export function watchPause(bus: Bus, read: () => Promise<Pause | undefined>): () => Promise<Pause | undefined> {
  let endsAt: number | undefined;
  return async () => {
    const pause = await read();
    const before = endsAt;
    endsAt = pause === undefined ? undefined : performance.now() + pause.leftMs;
    if (pause !== undefined && endsAt !== undefined && endsAt - (before ?? -Infinity) > sameEndMs)
      bus.emit('pause:begun', { by: pause.by, until: new Date(Date.now() + pause.leftMs).toISOString() });
    if (pause === undefined && before !== undefined) bus.emit('pause:ended', {});
    return pause;
  };
}
