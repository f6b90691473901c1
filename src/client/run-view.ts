import { SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';
import { describeDuration } from '../text/wording.ts';
import { count } from '../text/wording.ts';
import { describeRun } from './status-text.ts';
import { phaseWords } from '../protocol/phase-words.ts';
import type { Reply, RunStatus, Status } from '../protocol/status.ts';

/** Shows the progress of runs. */
export interface RunView {
  update(reply: Reply | undefined, status: Status | undefined): void;
  /** Restores the terminal: the line complete, the cursor visible. */
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
      const mark = run ? `${run.id} ${run.phase} ${Math.floor((run.percent ?? 0) / 10)}` : (reply?.state ?? '');
      if (mark === shown) return;
      shown = mark;
      if (run) write(describeRun(run));
      else if (reply?.state === 'queued') write('Waiting for its turn.');
    },
    end: () => undefined,
  };
}

/** One line on a terminal that is redrawn. */
export function createBarView(stream: NodeJS.WritableStream): RunView {
  const bar = new SingleBar({
    format: '{drive} {phase} {bar} {share} {details}',
    stream,
    hideCursor: true,
    clearOnComplete: false,
    barsize: 24,
    fps: 4,
    linewrap: false,
    stopOnComplete: false,
    barCompleteChar: '#',
    barIncompleteChar: '-',
  });
  let drawing = false;
  return {
    update: (reply, status) => {
      const run = ourRun(reply, status);
      if (!run) return;
      const fields = {
        drive: run.drive,
        phase: phaseWords(run.phase).padEnd(10),
        share: run.percent === null ? '' : `${Math.floor(run.percent)} %`,
        details: describeProgress(run),
      };
      if (!drawing) bar.start(100, 0, fields);
      drawing = true;
      bar.update(run.percent ?? 0, fields);
    },
    end: () => {
      if (drawing) bar.stop();
      drawing = false;
    },
  };
}

function describeProgress(run: RunStatus): string {
  const eta = run.etaSeconds === null ? [] : [`${describeDuration(run.etaSeconds * 1000)} left`];
  return [prettyBytes(run.bytes), count(run.files, 'file'), ...eta].join(', ');
}
