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

/** The answer in words, with what the ledger knows of its runs. */
export function describeEnd(reply: Reply, runs: readonly RunRecord[]): RunEndText {
  const good = reply.exitCode === exitCodes.done || reply.exitCode === exitCodes.fresh;
  const ours = runs.filter(({ id }) => reply.runIds.includes(id));
  const ends = ours.map(describeRunEnd);
  // The answer says of a good run only what its own line says already; twice, it reads like another run.
  const more = reply.happened.split('\n').filter((line) => !ends.some((end) => end.startsWith(line)));
  const lines = [...ends, ...more, reply.todo].filter((line) => line !== '');
  return { good, lines: lines.length === 0 ? ['Done.'] : lines };
}

function describeRunEnd(run: RunRecord): string {
  const disk = run.pulledOut ? 'and the disk was pulled out' : run.released ? 'safe to unplug' : 'DO NOT UNPLUG';
  if (run.outcome !== 'success' && run.outcome !== 'gaps')
    return `${run.drive}: ${run.outcome === 'failure' ? 'failed' : run.outcome}, ${disk}.`;
  const copied =
    run.filesTransferred === null || run.bytesTransferred === null
      ? ''
      : ` ${count(run.filesTransferred, 'file')} copied (${prettyBytes(run.bytesTransferred)})`;
  return `${run.drive} is done${run.outcome === 'gaps' ? ' with gaps' : ''}, ${disk}.${copied} in ${describeDuration(run.tookMs)}.`;
}
