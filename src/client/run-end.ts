import { exitCodes } from '../errors.ts';
import { describeDuration } from '../text/wording.ts';
import { count } from '../text/wording.ts';
import prettyBytes from 'pretty-bytes';
import type { Reply } from '../protocol/status.ts';
import type { RunRecord } from '../records/run-record.ts';

/** The last lines of `extbackup run`. */
export interface RunEndText {
  /** True for success and for "nothing to do", which go to standard output; the rest goes to standard error. */
  readonly good: boolean;
  readonly lines: readonly string[];
}

/** The words for the present state of the disk with this label. */
export type ReleaseOf = (drive: string) => string;

/**
 * The answer in words. Each run has one line, from the run log; the answer's own words are added for a
 * run that is not in the log or did not succeed.
 */
export function describeEnd(reply: Reply, runs: readonly RunRecord[], releaseOf: ReleaseOf): RunEndText {
  const good = reply.exitCode === exitCodes.done || reply.exitCode === exitCodes.fresh;
  const ours = reply.runIds.flatMap((runId) => runs.find(({ id }) => id === runId) ?? []);
  const ends = ours.map((run) => describeRunEnd(run, releaseOf(run.drive), reply.joinedRunIds.includes(run.id)));
  const isToldInFull = good && ours.length > 0 && ours.length === reply.runIds.length;
  const lines = [...ends, ...(isToldInFull ? [] : [reply.happened]), reply.todo].filter((line) => line !== '');
  return { good, lines: lines.length === 0 ? ['Done.'] : lines };
}

function describeRunEnd(run: RunRecord, release: string, isJoined: boolean): string {
  const disk = run.pulledOut ? 'and the disk was unplugged' : release;
  const which = isJoined ? ' (it was already running)' : '';
  if (run.outcome !== 'success' && run.outcome !== 'gaps')
    return `${run.drive}${which}: ${run.outcome === 'failure' ? 'failed' : run.outcome}, ${disk}.`;
  const copied =
    run.filesTransferred === null || run.bytesTransferred === null
      ? ''
      : ` ${count(run.filesTransferred, 'file')} copied (${prettyBytes(run.bytesTransferred)})`;
  return `${run.drive}${which} is done${run.outcome === 'gaps' ? ' with gaps' : ''}, ${disk}.${copied} in ${describeDuration(run.tookMs)}.`;
}
