import { exitCodes } from '../errors.ts';
import { describeDuration } from '../text/wording.ts';
import { count } from '../text/wording.ts';
import prettyBytes from 'pretty-bytes';
import type { Reply } from '../protocol/status.ts';
import type { RunRecord } from '../records/run-record.ts';

/** What `extbackup run` says at the end. */
export interface RunEndText {
  /** Good news, and that there was nothing to do, belong on standard output; the rest on standard error. */
  readonly good: boolean;
  readonly lines: readonly string[];
}

/** What may be said now of the disk with this label. */
export type ReleaseOf = (drive: string) => string;

/**
 * The answer in words. Each run has one line, from the run log; the answer's own words are told where they say more: of a
 * run that is not in the log, or that did not go well.
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
  const disk = run.pulledOut ? 'and the disk was pulled out' : release;
  const which = isJoined ? ' (a run that was going on already)' : '';
  if (run.outcome !== 'success' && run.outcome !== 'gaps')
    return `${run.drive}${which}: ${run.outcome === 'failure' ? 'failed' : run.outcome}, ${disk}.`;
  const copied =
    run.filesTransferred === null || run.bytesTransferred === null
      ? ''
      : ` ${count(run.filesTransferred, 'file')} copied (${prettyBytes(run.bytesTransferred)})`;
  return `${run.drive}${which} is done${run.outcome === 'gaps' ? ' with gaps' : ''}, ${disk}.${copied} in ${describeDuration(run.tookMs)}.`;
}
