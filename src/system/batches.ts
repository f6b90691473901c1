import { createTurns } from './turns.ts';

/** Limits of {@link createBatches}, in milliseconds. */
export interface BatchLimits {
  /** A batch waits for so long for other tasks of the same moment. */
  readonly gatherMs: number;
  /** Batches at work at once. Tasks that wait for a turn gather into the next batch. */
  readonly most: number;
  /** After this, a batch begins without a turn: work that hangs holds nobody up for longer. */
  readonly patienceMs: number;
}

/**
 * Gathers tasks that come at the same time, so that one program does them all.
 * @param carryOut returns a result for each task, in their order
 */
export function createBatches<Task, Result>(
  carryOut: (tasks: readonly Task[]) => Promise<readonly Result[]>,
  { gatherMs, most, patienceMs }: BatchLimits,
): (task: Task) => Promise<Result> {
  const inTurn = createTurns(most, patienceMs);
  let gathering: { readonly tasks: Task[]; readonly results: Promise<readonly Result[]> } | undefined;
  const begin = (tasks: Task[]): Promise<readonly Result[]> =>
    inTurn(async () => {
      await new Promise((resolve) => setTimeout(resolve, gatherMs));
      gathering = undefined;
      return carryOut(tasks);
    });
  return async (task) => {
    if (gathering === undefined) {
      const tasks: Task[] = [];
      gathering = { tasks, results: begin(tasks) };
    }
    const { tasks, results } = gathering;
    const index = tasks.push(task) - 1;
    return (await results)[index] as Result;
  };
}
