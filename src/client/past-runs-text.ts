import prettyBytes from 'pretty-bytes';
import { describeDuration } from '../text/wording.ts';
import { count } from '../text/wording.ts';
import type { RunRecord } from '../records/run-record.ts';
import { localTime, zoneName } from '../text/local-time.ts';
import { trimEnds } from '../text/table.ts';
import { plainTable } from '../text/table.ts';

const outcomeWords: Record<RunRecord['outcome'], string> = {
  success: 'done',
  gaps: 'done with gaps',
  failure: 'FAILED',
  held: 'held for approval',
  cancelled: 'cancelled',
};

/** Past runs as a table, in the order given. Times are in local time. */
export function renderPastRuns(runs: readonly RunRecord[]): string {
  const table = plainTable([`Started (${zoneName()})`, 'Disk', 'Result', 'Took', 'Files', 'Copied', 'Deleted', '']);
  for (const run of runs) {
    table.push([
      localTime(new Date(run.startedAt)),
      run.drive,
      outcomeWords[run.outcome],
      describeDuration(run.tookMs),
      run.filesTransferred === null ? '' : String(run.filesTransferred),
      run.bytesTransferred === null ? '' : prettyBytes(run.bytesTransferred),
      run.filesDeleted === null ? '' : String(run.filesDeleted),
      remark(run),
    ]);
  }
  return trimEnds(table.toString());
}

function remark(run: RunRecord): string {
  if (!run.released) return run.message === '' ? 'The disk was not released.' : run.message; // the message contains it
  return [run.outcome === 'success' ? '' : run.message, ...healthOf(run)].filter((text) => text !== '').join(' ');
}

/** The damage and faults of the disk that the run noticed. */
const healthOf = ({ verified, mediaErrors }: RunRecord): string[] => [
  ...(verified === null || verified.damaged === 0 ? [] : [`${count(verified.damaged, 'file')} damaged.`]),
  ...(mediaErrors === 0 ? [] : [`${count(mediaErrors, 'I/O error')}.`]),
];
