import { ExtbackupError } from '../errors.ts';
import { throwIfCancelled } from '../system/undo.ts';

/**
 * Runs work on a disk. An ExtbackupError is passed on, and so is the reason for a cancellation; any other failure
 * gets its words from `word`.
 * @throws ExtbackupError
 */
export async function worded<T>(
  signal: AbortSignal,
  word: (cause: unknown) => ExtbackupError,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ExtbackupError) throw cause;
    throwIfCancelled(signal);
    throw word(cause);
  }
}
