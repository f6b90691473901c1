/** Smaller corrections change no age. */
const leastMs = 60_000;

/** The two clocks of this machine, in milliseconds. */
export interface TwoClocks {
  readonly wall: () => number;
  /** Goes on evenly, whatever the other is set to. */
  readonly steady: () => number;
}

const realClocks: TwoClocks = {
  wall: () => Date.now(),
  steady: () => performance.now(),
};

/** Makes a check whether the clock was set since the last one; a sleep of the machine may count, too. */
export function createClockCheck({ wall, steady }: TwoClocks = realClocks): () => boolean {
  let before = wall() - steady();
  return () => {
    const now = wall() - steady();
    const wasSet = Math.abs(now - before) >= leastMs;
    if (wasSet) before = now;
    return wasSet;
  };
}
