/** What a run comes to, for those who asked for it. */
import { exitCodes } from '../errors.ts';
import type { RunEnd } from '../run/run-one.ts';
import type { RunOrder } from '../run/run-queue.ts';
import { count } from '../text/wording.ts';

/** How a request, or one run of it, ended. */
export interface RunOutcome {
  readonly exitCode: number;
  readonly code: string | null;
  readonly happened: string;
  readonly todo: string;
  /** The label of its disk, whose state is measured when the answer is sent, not when the run has ended. */
  readonly release?: { readonly drive: string; readonly luksUuid: string; readonly disk: RunEnd['disk'] | 'waits' };
}

/** All went well. */
export const good: RunOutcome = { exitCode: exitCodes.done, code: null, happened: '', todo: '' };

/** What happened, and what may be said of its disk. */
export const sayWithDisk = (happened: string, drive: string, words: string): string =>
  happened.endsWith('.')
    ? `${happened} Disk ${drive}${words === 'safe to unplug' ? ' is closed' : ''}: ${words}.`
    : `${happened}, ${words}.`;

/** The outcome of a run that has ended. */
export function outcomeOf(
  { drive, attach: { luksUuid } }: RunOrder,
  { failure, exitCode, disk, result, resumes, waits }: RunEnd,
): RunOutcome {
  const release = { drive, luksUuid, disk: waits === true ? ('waits' as const) : disk };
  if (failure) return { ...failure, ...(resumes !== true && disk === 'closed' && { release }) };
  if (exitCode === exitCodes.done) return { ...good, happened: `${drive} is done`, release };
  const gaps =
    result?.stampedAt === undefined
      ? 'some files could not be copied, so its time stamp was not moved'
      : `${count(result.vanished, 'file')} vanished on the server meanwhile`;
  return {
    exitCode,
    code: 'EXB_GAPS',
    happened: `${drive} is done with gaps: ${gaps}`,
    todo: 'Which files: see .extbackup/last-run.log on the disk, with: extbackup mount',
    release,
  };
}
