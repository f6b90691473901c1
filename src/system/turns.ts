/** Lets work begin in turns, so that many starts of programs do not slow each other down past their time limits. */
export type TakeTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * At most `most` works go on at once; the others wait in their order. A work that has waited for `patienceMs` begins
 * without a turn, so a work that hangs delays no other one for longer.
 */
export function createTurns(most: number, patienceMs: number): TakeTurn {
  let free = most;
  const waiting: (() => void)[] = [];
  const takeTurn = (): Promise<boolean> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(go), 1);
        resolve(false);
      }, patienceMs);
      waiting.push(go);
    });
  };
  return async (work) => {
    const hasTurn = await takeTurn();
    try {
      return await work();
    } finally {
      if (hasTurn) {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    }
  };
}
