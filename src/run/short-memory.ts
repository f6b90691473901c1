import { ExtbackupError, PullError } from '../errors.ts';

/** How many programs of the agent the kernel has killed for lack of memory; undefined if not counted. */
export type CountOomKills = () => Promise<number | undefined>;

/**
 * Names memory as the cause of a failure if the kernel killed a program during the run: the program itself could not
 * report it. Other known facts, such as a disk that was not closed, stay.
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
    'The station ran out of memory: the kernel killed a program of the run.',
    'Give the station more memory, or stop other programs; then plug the disk in again or run: extbackup run',
    error,
  );
}
