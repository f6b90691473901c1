import type { Bus } from '../bus/bus.ts';
import type { Pause } from '../records/pause.ts';

/** Wraps the reading of the pause: emits an event when one begins, and when it has ended. */
export function watchPause(bus: Bus, read: () => Promise<Pause | undefined>): () => Promise<Pause | undefined> {
  let going = false;
  return async () => {
    const pause = await read();
    if (pause !== undefined && !going)
      bus.emit('pause:begun', { by: pause.by, until: new Date(Date.now() + pause.leftMs).toISOString() });
    if (pause === undefined && going) bus.emit('pause:ended', {});
    going = pause !== undefined;
    return pause;
  };
}
