import { CancelledError, NotReleasedError } from '../errors.ts';
import { claimInterrupt } from './interrupt.ts';

/**
 * Runs `work` with a signal that Ctrl-C and SIGTERM abort, so that it can tidy up before the program ends.
 * @param todo what to do after an interruption
 */
export async function cancellable<T>(todo: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(new CancelledError('It was interrupted.', todo));
  };
  const giveBack = claimInterrupt();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, abort);
  try {
    return await work(controller.signal);
  } catch (error) {
    // A killed program reports the kill: report the interruption instead, unless an undo failed after it.
    if (controller.signal.aborted && !(error instanceof NotReleasedError)) throw controller.signal.reason;
    throw error;
  } finally {
    giveBack();
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, abort);
  }
}
