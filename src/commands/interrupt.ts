/**
 * Runs `work` with a signal that Ctrl-C, SIGTERM or a closed pipe behind standard output aborts.
 * @returns what `work` returns; how it ends is its own business
 */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  process.on('SIGINT', abort);
  process.on('SIGTERM', abort);
  process.stdout.on('error', abort); // `extbackup status --watch | head -1`
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', abort);
    process.off('SIGTERM', abort);
  }
}
