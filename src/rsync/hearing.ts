import { betweenMarks, parseChange } from '../history/change.ts';
import { readDoomed, type DoomedReader } from '../history/doomed.ts';
import type { PullOrder } from './order.ts';
import { countComplaint, createLineSplitter, ownStats, type Complaints } from './output.ts';
import type { PullProgress } from './progress.ts';
import type { PullLimits } from './pull-limits.ts';
import { countSaid, saidInPull, type SaidCounts } from './said-line.ts';

/** Reads rsync's output, line by line. */
export interface Hearing {
  readonly complaints: Complaints;
  readonly said: SaidCounts;
  readonly doomed: DoomedReader;
  onStdout(chunk: string): void;
  onStderr(chunk: string): void;
  hasChanged(): boolean;
  /** The statistics at the end. */
  statistics(): string;
  /** Reads the last lines, including one without a line end. */
  end(): void;
}

/**
 * Parses the output of one rsync: changes, progress, planned deletions, errors and statistics. @param mark the mark
 * around each line about a change; undefined when there are none
 */
export function createHearing(
  order: PullOrder,
  mark: string | undefined,
  progress: PullProgress,
  limits: Pick<PullLimits, 'heard'>,
): Hearing {
  let statistics = '';
  let changed = false;
  const doomed = readDoomed();
  const complaints: Complaints = { vanished: 0, waiting: 0, others: 0 };
  const said: SaidCounts = {};
  const split = createLineSplitter((text) => {
    const told = mark === undefined ? undefined : betweenMarks(text, mark); // it may follow progress on the same line
    if (told !== undefined) {
      const change = parseChange(told);
      changed ||= change !== undefined;
      if (change) order.onChange?.(change);
      return;
    }
    const line = withoutProgress(text);
    const isKnown = doomed.see(line) || progress.see(line);
    limits.heard(line, isKnown);
    if (!isKnown) statistics = `${statistics}${line}\n`.slice(-16_384);
  });
  const splitErrors = createLineSplitter((line) => {
    countComplaint(complaints, line);
    countSaid(said, saidInPull(line));
  });
  return {
    complaints,
    said,
    doomed,
    onStdout: split,
    onStderr: splitErrors,
    hasChanged: () => changed,
    statistics: () => ownStats(statistics),
    end: () => {
      split('\n');
      splitErrors('\n');
    },
  };
}

/** The first deletion may follow progress on the same line. */
function withoutProgress(line: string): string {
  if (!line.startsWith(' ')) return line;
  const start = /delete_i/.exec(line)?.index;
  return start === undefined ? line : line.slice(start);
}
