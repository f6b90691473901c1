import type { Status } from '../protocol/status.ts';
import { wrap, type Style } from '../text/style.ts';
import { liveRun, type Moment } from './live-run.ts';
import { statusBody, statusHead } from './status-text.ts';

/** The state for a terminal that is redrawn: the run in several lines, and no line wider than the terminal. */
export function liveStatus(status: Status, moment: Moment, style: Style): string[] {
  const fitted = (text: string): string[] => text.split('\n').flatMap((line) => wrap(line, style.columns, '  '));
  return [
    ...fitted(statusHead(status, moment.now)),
    ...(status.run === null ? [] : ['', ...liveRun(status.run, status, moment, style)]),
    ...fitted(statusBody(status, moment.now)),
  ];
}
