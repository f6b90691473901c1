import prettyBytes from 'pretty-bytes';
import { describeDuration } from '../text/wording.ts';
import { count } from '../text/wording.ts';
import type { ActionRecord } from '../records/action-log.ts';
import type { RunRecord } from '../records/run-record.ts';
import { localTime, zoneName } from '../text/local-time.ts';
import { smallBar, type Style } from '../text/style.ts';
import { trimEnds } from '../text/table.ts';
import { plainTable } from '../text/table.ts';

const widthOfBars = 6;
/** Columns of a terminal on which a table with bars fits, without remarks. */
const leastForBars = 100;

type Figure = 'tookMs' | 'bytesTransferred';

/** Puts a small bar before a figure, relative to the largest one of these runs. */
function barsFor(runs: readonly RunRecord[], style: Style | undefined) {
  if (style === undefined || style.columns < leastForBars)
    return (_figure: Figure, _value: number, text: string): string => text;
  const most = (figure: Figure): number => Math.max(1, ...runs.map((run) => run[figure] ?? 0));
  const largest = { tookMs: most('tookMs'), bytesTransferred: most('bytesTransferred') };
  return (figure: Figure, value: number, text: string): string =>
    `${smallBar(value / largest[figure], widthOfBars, style)} ${text}`;
}

const outcomeWords: Record<RunRecord['outcome'], string> = {
  success: 'done',
  gaps: 'done with gaps',
  failure: 'FAILED',
  held: 'held for approval',
  cancelled: 'cancelled',
};

const actionWords: Record<ActionRecord['kind'], string> = {
  approval: 'approved',
  rollback: 'rolled back',
  restore: 'restored from',
  drill: 'drill',
};

/** A line of the history: a run, or what a person did. */
export type PastEntry = { readonly run: RunRecord } | { readonly action: ActionRecord };

/** The last runs and actions of people, the newest last. Runs keep their order, even if a clock was wrong. */
export function lastEntries(
  runs: readonly RunRecord[],
  actions: readonly ActionRecord[],
  limit: number,
): readonly PastEntry[] {
  const all: PastEntry[] = [];
  let next = 0;
  const takeUpTo = (time: number): void => {
    for (let action = actions[next]; action !== undefined && Date.parse(action.at) <= time; action = actions[next]) {
      all.push({ action });
      next += 1;
    }
  };
  for (const run of runs) {
    takeUpTo(Date.parse(run.startedAt));
    all.push({ run });
  }
  takeUpTo(Infinity);
  return all.slice(-limit);
}

/**
 * Past runs, and actions of people, as a table in the order given. Times are in local time.
 * @param style of a terminal: durations and sizes get small bars, if there is room; without it there are none
 */
export function renderPast(entries: readonly PastEntry[], style?: Style): string {
  const withBar = barsFor(
    entries.flatMap((entry) => ('run' in entry ? [entry.run] : [])),
    style,
  );
  const table = plainTable([`Started (${zoneName()})`, 'Disk', 'Result', 'Took', 'Files', 'Copied', 'Deleted', '']);
  for (const entry of entries) {
    if ('action' in entry) {
      const { at, drive, kind, by, result } = entry.action;
      table.push([localTime(new Date(at)), drive, actionWords[kind], '', '', '', '', `by ${by}: ${result}`]);
      continue;
    }
    const { run } = entry;
    table.push([
      localTime(new Date(run.startedAt)),
      run.drive,
      outcomeWords[run.outcome],
      withBar('tookMs', run.tookMs, describeDuration(run.tookMs)),
      run.filesTransferred === null ? '' : String(run.filesTransferred),
      run.bytesTransferred === null
        ? ''
        : withBar('bytesTransferred', run.bytesTransferred, prettyBytes(run.bytesTransferred)),
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
