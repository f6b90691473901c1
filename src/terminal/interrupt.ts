/** Why work was interrupted: by Ctrl-C or SIGTERM, or because nobody reads standard output any more. */
export type InterruptReason = 'signal' | 'closed';

let claims = 0;

/** Whether some work ends in order after Ctrl-C, and says how. */
export const isClaimed = (): boolean => claims > 0;

/** From now on, until the returned function is called, Ctrl-C is handled by the caller. */
export function claimInterrupt(): () => void {
  claims += 1;
  return () => {
    claims -= 1;
  };
}

/**
 * Runs `work` with two signals. The first Ctrl-C, SIGTERM or closed pipe behind standard output aborts the first
 * signal, with an {@link InterruptReason}; the next one aborts the second.
 * @returns the result of `work`, which decides how to end
 */
export async function untilInterrupted<T>(work: (first: AbortSignal, second: AbortSignal) => Promise<T>): Promise<T> {
  const first = new AbortController();
  const second = new AbortController();
  const abort = (): void => {
    if (first.signal.aborted) second.abort();
    else first.abort('signal' satisfies InterruptReason);
  };
  const closed = (): void => {
    first.abort('closed' satisfies InterruptReason); // `extbackup status --watch | head -1`
  };
  const giveBack = claimInterrupt();
  process.on('SIGINT', abort);
  process.on('SIGTERM', abort);
  process.stdout.on('error', closed);
  try {
    return await work(first.signal, second.signal);
  } finally {
    giveBack();
    process.off('SIGINT', abort);
    process.off('SIGTERM', abort);
  }
}
