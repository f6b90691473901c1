import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or returns at once when the signal is or gets aborted. For pauses before another try, never as a fix for a race. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // aborted: the caller looks at the signal
  }
}
