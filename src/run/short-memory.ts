import { ExtbackupError, PullError } from '../errors.ts';

/** How many programs of the agent the kernel has ended for want of memory; undefined where that is not counted. */
export type CountOomKills = () => Promise<number | undefined>;

/**
 * Names memory as the cause of a failure where the kernel ended a program while the run was going on: the program
 * itself could not say so. What else is known to have happened, such as a disk that was not closed, stays what it is.
 */
export async function withMemoryNamed(
  error: unknown,
  before: number | undefined,
  count: CountOomKills | undefined,
): Promise<unknown> {
  if (error instanceof ExtbackupError && !(error instanceof PullError)) return error;
  const now = await count?.();
  if (before === undefined || now === undefined || now <= before) return error;
  return new PullError(
    'EXB_OUT_OF_MEMORY',
    'The station ran out of memory: the kernel ended a program of the run.',
    'Give the station more memory, or end what else needs it; then plug the disk in again or run: extbackup run',
    error,
  );
}
