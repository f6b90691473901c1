import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Stops waiting after `ms` milliseconds even if the work cannot be ended, for example a child that is stuck in the
 * kernel on a dying disk. A child's own timeout ends the child, but not the waiting for its pipes. @throws the error of
 * `stuck` when the time is over
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, stuck: () => Error): Promise<T> {
  const timer = new AbortController();
  const expiry = (async (): Promise<never> => {
    await sleep(ms, undefined, { signal: timer.signal });
    throw stuck();
  })();
  expiry.catch(() => undefined); // the timer was aborted because the work ended in time
  try {
    return await Promise.race([work, expiry]);
  } finally {
    timer.abort();
  }
}

/**
 * Stops waiting `ms` milliseconds after `signal` was aborted, whatever the work does.
 * @throws the error of `stuck` when the time is over
 */
export async function withDeadlineAfter<T>(
  signal: AbortSignal,
  work: Promise<T>,
  ms: number,
  stuck: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let begin = (): void => undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    begin = () => {
      timer = setTimeout(() => {
        reject(stuck());
      }, ms);
    };
  });
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', begin);
  }
}
