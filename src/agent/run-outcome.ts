/** The results of a requested run. */
import { exitCodes } from '../errors.ts';
import type { RunEnd } from '../run/run-one.ts';
import type { RunOrder } from '../run/run-queue.ts';
import { count } from '../text/wording.ts';

/** The result of a request, or of one of its runs. */
export interface RunOutcome {
  readonly exitCode: number;
  readonly code: string | null;
  readonly happened: string;
  readonly todo: string;
  /** The label of its disk; the state of the disk is measured when the answer is sent. */
  readonly release?: { readonly drive: string; readonly luksUuid: string; readonly disk: RunEnd['disk'] | 'waits' };
}

/** Success. */
export const good: RunOutcome = { exitCode: exitCodes.done, code: null, happened: '', todo: '' };

/** The state of a closed disk after a run that did not succeed. A cancelled run is no trouble. */
export function stateAfter({ exitCode }: Pick<RunOutcome, 'exitCode'>, { resumes }: Pick<RunEnd, 'resumes'>) {
  if (exitCode === exitCodes.held) return 'held';
  return exitCode === exitCodes.cancelled && resumes !== true ? 'idle' : 'failed';
}

/** Words for the result and the state of the disk. */
export const sayWithDisk = (happened: string, drive: string, words: string): string =>
  happened.endsWith('.')
    ? `${happened} Disk ${drive}${words === 'safe to unplug' ? ' is closed' : ''}: ${words}.`
    : `${happened}, ${words}.`;

/** The outcome of an ended run. */
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
    todo: 'The files are named in .extbackup/last-run.log on the disk; open it with: extbackup mount',
    release,
  };
}
