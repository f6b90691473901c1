import { messageOf } from '../errors.ts';
import { pause } from '../system/pause.ts';

/** How a disk that could not be closed is tried again. */
export interface ReleaseTry {
  /** Whether nothing is open any more. */
  tryToClose(): Promise<boolean>;
  /** Told of a reason that stands in the way, once as long as it stays the same. */
  onTrouble(error: unknown): void;
}

/**
 * Tries again and again until the disk is closed or the signal is aborted. Whatever goes wrong in one try, the next one
 * comes: else a disk would stay "do not unplug" for good.
 * @returns whether it is closed; false as well when the signal was aborted
 */
export async function releaseUntilClosed(one: ReleaseTry, everyMs: number, signal: AbortSignal): Promise<boolean> {
  let told = '';
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return false;
    try {
      if (await one.tryToClose()) return !isAborted(signal);
    } catch (error) {
      if (messageOf(error) !== told) one.onTrouble(error);
      told = messageOf(error);
    }
  }
}

/** It changes while we wait. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
