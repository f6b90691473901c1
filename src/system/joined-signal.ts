/** A signal that is aborted with the first of several, and perhaps after a time. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** Whether the time was over before anything else happened. */
  readonly isLate: () => boolean;
  /** Lets go of the sources and of the timer. Without it, they hold the signal until it is aborted. */
  readonly end: () => void;
}

/**
 * Joins signals with a time limit. AbortSignal.any() and AbortSignal.timeout() are not used: Node.js holds a limit that is
 * joined weakly, so it is lost when memory is collected, and the work never ends (nodejs/node issues 57736 and 65995).
 * @param limitMs no limit without it; the timer keeps the process alive
 */
export function joinSignals(sources: readonly AbortSignal[], limitMs?: number): JoinedSignal {
  const joined = new AbortController();
  let late = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    for (const source of sources) source.removeEventListener('abort', abort);
  };
  const abort = (): void => {
    end();
    joined.abort(sources.find(({ aborted }) => aborted)?.reason);
  };
  if (limitMs !== undefined)
    timer = setTimeout(() => {
      late = true;
      abort();
    }, limitMs);
  for (const source of sources) source.addEventListener('abort', abort, { once: true });
  if (sources.some(({ aborted }) => aborted)) abort();
  return { signal: joined.signal, isLate: () => late, end };
}

/** Does work with a joined signal, and lets go of the sources afterwards. */
export async function withJoinedSignal<T>(
  sources: readonly AbortSignal[],
  limitMs: number | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const joined = joinSignals(sources, limitMs);
  try {
    return await work(joined.signal);
  } finally {
    joined.end();
  }
}
