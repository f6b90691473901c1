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

/** Gives a task of a batch its result before the others are done; `index` is its place in the batch. */
export type Finish<Result> = (index: number, result: Result) => void;

interface Waiting<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers tasks that come at the same time, so that one program does them all.
 * @param carryOut returns a result for each task, in their order; it may finish some before
 */
export function createBatches<Task, Result>(
  carryOut: (tasks: readonly Task[], finish: Finish<Result>) => Promise<readonly Result[]>,
  { gatherMs, most, patienceMs }: BatchLimits,
): (task: Task) => Promise<Result> {
  const inTurn = createTurns(most, patienceMs);
  let gathering: Waiting<Task, Result>[] | undefined;
  const work = async (batch: readonly Waiting<Task, Result>[]): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    gathering = undefined;
    const finish: Finish<Result> = (index, result) => batch[index]?.resolve(result);
    try {
      const results = await carryOut(
        batch.map(({ task }) => task),
        finish,
      );
      for (const [index, result] of results.entries()) finish(index, result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  return (task) =>
    new Promise((resolve, reject) => {
      const waiting = { task, resolve, reject };
      if (gathering !== undefined) {
        gathering.push(waiting);
        return;
      }
      const batch = (gathering = [waiting]);
      void inTurn(() => work(batch));
    });
}
