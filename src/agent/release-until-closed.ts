import { messageOf } from '../errors.ts';
import { pause } from '../system/pause.ts';

/** Options for the tries to close a disk. */
export interface ReleaseTry {
  /** Whether everything is closed. */
  tryToClose(): Promise<boolean>;
  /** Called with the obstacle, once until it changes. */
  onTrouble(error: unknown): void;
}

/**
 * Tries until the disk is closed or the signal is aborted. Any failure leads to another try:
 * otherwise a disk could stay "do not unplug" forever.
 * @returns whether it is closed; false if the signal was aborted
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
