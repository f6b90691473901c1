/**
 * Runs `work` with two signals. The first Ctrl-C, SIGTERM or closed pipe behind standard output aborts the first
 * signal; the next one aborts the second.
 * @returns the result of `work`, which decides how to end
 */
export async function untilInterrupted<T>(work: (first: AbortSignal, second: AbortSignal) => Promise<T>): Promise<T> {
  const first = new AbortController();
  const second = new AbortController();
  const abort = (): void => {
    if (first.signal.aborted) second.abort();
    else first.abort();
  };
  const closed = (): void => {
    first.abort(); // `extbackup status --watch | head -1`
  };
  process.on('SIGINT', abort);
  process.on('SIGTERM', abort);
  process.stdout.on('error', closed);
  try {
    return await work(first.signal, second.signal);
  } finally {
    process.off('SIGINT', abort);
    process.off('SIGTERM', abort);
  }
}
