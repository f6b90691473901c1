import { CancelledError, NotReleasedError } from '../errors.ts';

/** A change to the machine, with the way back. */
export interface Step<T> {
  /** Checks before anything is changed, and throws to refuse: a state from before the step is never undone. */
  check?(): Promise<void>;
  apply(): Promise<T>;
  /** Looks at the machine first, so it works after a half-done `apply` and may run twice. Never cancelled. */
  undo(): Promise<void>;
  /** Message for the operator if `undo` fails, for example "still mounted at /mnt/plaintext". */
  readonly leftover: string;
}

/** Starts a step inside {@link withUndo}. */
export type TakeStep = <T>(step: Step<T>) => Promise<T>;

/**
 * Runs `body`; however it ends, every step that it started is undone, the last first, and a failing undo does not
 * keep the others from running.
 * @throws NotReleasedError when an undo failed, with an earlier error as its cause; otherwise the error of `body`
 */
export async function withUndo<T>(signal: AbortSignal, body: (take: TakeStep) => Promise<T>): Promise<T> {
  const started: Step<unknown>[] = [];
  const take: TakeStep = async (step) => {
    throwIfCancelled(signal);
    await step.check?.();
    throwIfCancelled(signal);
    started.push(step); // before apply: one that fails half-way may have changed the machine already
    return step.apply();
  };
  const [outcome] = await Promise.allSettled([body(take)]);
  const { leftovers, failures } = await undoAll(started.reverse());
  if (leftovers.length > 0) {
    throw new NotReleasedError(leftovers, outcome.status === 'rejected' ? outcome.reason : failures[0]);
  }
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

async function undoAll(steps: readonly Step<unknown>[]): Promise<{ leftovers: string[]; failures: unknown[] }> {
  const leftovers: string[] = [];
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step.undo();
    } catch (error) {
      leftovers.push(step.leftover);
      failures.push(error);
    }
  }
  return { leftovers, failures };
}

/** Throws the signal's reason, as an error that an operator can read. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw signal.reason instanceof Error && signal.reason.name !== 'AbortError'
    ? signal.reason
    : new CancelledError('The run was cancelled.', 'Start it again: extbackup run');
}
