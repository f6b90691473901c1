import type { Painter } from '../terminal/painter.ts';
import type { Reply, RunStatus, Status } from '../protocol/status.ts';
import type { Style } from '../text/style.ts';
import { liveRun } from './live-run.ts';
import { createSpeed } from './speed.ts';
import { describeRun } from './status-text.ts';

/** Shows the progress of runs. */
export interface RunView {
  update(reply: Reply | undefined, status: Status | undefined): void;
  /** Restores the terminal: nothing of the view is left, the cursor is visible. */
  end(): void;
}

/** The present run, if it is one of the reply's runs. */
export function ourRun(reply: Reply | undefined, status: Status | undefined): RunStatus | undefined {
  return status?.run != null && reply?.runIds.includes(status.run.id) === true ? status.run : undefined;
}

/** One line at each change of phase and at about every tenth of the pull, for logs and mails of cron. */
export function createLineView(write: (line: string) => void): RunView {
  let shown = '';
  return {
    update: (reply, status) => {
      const run = ourRun(reply, status);
      const tenth = run && Math.floor((run.percent ?? run.checked ?? 0) / 10);
      const mark = run ? `${run.id} ${run.phase} ${tenth ?? 0}` : (reply?.state ?? '');
      if (mark === shown) return;
      shown = mark;
      if (run) write(describeRun(run));
      else if (reply?.state === 'queued') write('Waiting for its turn.');
    },
    end: () => undefined,
  };
}

/** Some lines on a terminal that are redrawn, and erased at the end. */
export function createLiveView(painter: Painter, style: () => Style, now: () => Date = () => new Date()): RunView {
  const speed = createSpeed();
  return {
    update: (reply, status) => {
      const run = ourRun(reply, status);
      if (run && status) {
        const moment = { now: now(), speed: speed.see(run, now().getTime()) };
        painter.draw(liveRun(run, status, moment, style()));
      } else if (reply?.state === 'queued') painter.draw(['Waiting for its turn.']);
      else painter.erase();
    },
    end: () => {
      painter.erase();
    },
  };
}

/** What `run --json --watch` prints on a line. */
export type RunLine =
  { readonly version: 1; readonly type: 'progress'; readonly run: RunStatus } | ({ readonly type: 'result' } & Reply);

/** One JSON object at each change of the run. */
export function createJsonView(print: (line: string) => void): RunView {
  let shown = '';
  return {
    update: (reply, status) => {
      const run = ourRun(reply, status);
      if (!run) return;
      const line = JSON.stringify({ version: 1, type: 'progress', run } satisfies RunLine);
      if (line !== shown) print(line);
      shown = line;
    },
    end: () => undefined,
  };
}
