import { statfs } from 'node:fs/promises';
import { CommandError, type CommandResult, type StartProgram } from '../system/command.ts';
import { betweenMarks, newMark, parseChange } from '../history/change.ts';
import { readDoomed } from '../history/doomed.ts';
import type { PullOrder } from './order.ts';
import type { RsyncOutcome } from './order.ts';
import { createProgressAsker } from './progress-asker.ts';
import { createPullProgress } from './progress.ts';
import { copyArgs, deleteArgs, deleteNamedArgs, surveyArgs, type PullTarget } from './arguments.ts';
import { classifyRsync, outputLost, type PullTrouble } from './failure.ts';
import {
  countComplaint,
  createLineSplitter,
  hasStats,
  onlyWaitsForDeletion,
  parseRegularFiles,
  parseSkippedDeletions,
  parseStats,
  type Complaints,
} from './output.ts';
import { createStallTimer } from './stall-timer.ts';

/** A pull may take days over a thin line; what stalls is ended by rsync's own --timeout, or by the stall watch. */
const longestPullMs = 14 * 86_400_000;

/** Runs one rsync and tells how it ended; never throws for an rsync that ran. */
export async function runRsync(
  start: StartProgram,
  order: PullOrder,
  target: PullTarget,
  signal: AbortSignal,
): Promise<RsyncOutcome> {
  const mark = target.mark ?? (order.onChange === undefined ? undefined : newMark());
  const args = argsFor(order, {
    ...target,
    ...(mark !== undefined && { mark }),
    ...(order.history && { history: order.history }),
  });
  let statistics = '';
  let changed = false;
  const progress = createPullProgress({
    isFirst: target.isEmpty === true,
    onProgress: (told) => {
      order.onProgress(told);
    },
  });
  const doomed = readDoomed();
  const split = createLineSplitter((text) => {
    const told = mark === undefined ? undefined : betweenMarks(text, mark); // also after a progress line, on the same line
    if (told !== undefined) {
      const change = parseChange(told);
      changed ||= change !== undefined;
      if (change) order.onChange?.(change);
      return;
    }
    const line = withoutProgress(text);
    if (doomed.see(line)) return;
    if (!progress.see(line)) statistics = `${statistics}${line}\n`.slice(-16_384);
  });
  const complaints: Complaints = { vanished: 0, waiting: 0, others: 0 };
  const splitErrors = createLineSplitter((line) => {
    countComplaint(complaints, line);
  });
  const stall = createStallTimer(order.config.pull.stallTimeout);
  // Without a mark it would name a file beside its answer.
  const asker =
    target.isAsked === true && mark !== undefined ? createProgressAsker((bytes) => progress.written(bytes)) : undefined;
  const ended = await capture(
    () =>
      start({
        file: '/usr/bin/rsync', // below every other load of the station, as the whole unit is
        args,
        ...(order.history && { stdoutFile: order.history.log }),
        timeoutMs: longestPullMs,
        accept: [23, 24, 25],
        signal: AbortSignal.any([signal, stall.signal]),
        ownGroup: true, // rsync starts ssh and a second rsync
        onStart: (pid) => {
          stall.begin(pid);
          asker?.begin(pid);
        },
        onStdout: (chunk) => {
          stall.moved();
          split(chunk);
        },
        onStderr: splitErrors,
      }),
    () => {
      stall.stop();
      asker?.stop();
    },
  );
  split('\n');
  splitErrors('\n');
  const outcome = outcomeOf(ended, statistics, complaints);
  // Its standard output is a file on the disk. What that did not take is lost, and rsync may not even notice it.
  const isLost =
    order.history !== undefined &&
    (ended.exitCode === outputLost || (outcome.trouble === undefined && !hasStats(statistics)));
  const lost = isLost ? ((await isFull(target.mirror)) ? ('disk-full' as const) : ('disk-error' as const)) : undefined;
  const hung = whyHung(ended, stall.signal.aborted && outcome.trouble !== undefined);
  changed ||= mark === undefined && outcome.figures.filesTransferred > 0;
  // What stands in the way of something new waits for the server's list, which has both.
  const all = complaints.waiting > 0 ? undefined : doomed.result(outcome.skippedDeletions);
  return {
    ...outcome,
    changed,
    ...(all && { doomed: all }),
    ...(lost && { trouble: lost }),
    ...(hung && { trouble: hung }),
  };
}

function argsFor(order: PullOrder, target: PullTarget): string[] {
  if (order.survey === true) return surveyArgs(order.config, order.source, target);
  if (target.named) return deleteNamedArgs(order.source, target, order.deleteLimit ?? 0, target.named);
  return order.deleteLimit === undefined
    ? copyArgs(order.config, order.source, target)
    : deleteArgs(order.config, order.source, target, order.deleteLimit);
}

/** The first deletion that is printed after a progress line may stand on the same line. */
function withoutProgress(line: string): string {
  if (!line.startsWith(' ')) return line;
  const start = /delete_i/.exec(line)?.index;
  return start === undefined ? line : line.slice(start);
}

type Ending = Pick<CommandResult, 'stderr'> & { readonly exitCode: number | undefined; readonly stillRuns?: boolean };

/** What is left on a full disk: the file that was in hand made a little room when it was removed. */
const almostNothing = 64 * 1024 * 1024;

async function isFull(directory: string): Promise<boolean> {
  try {
    const { bfree, bsize } = await statfs(directory);
    return bfree * bsize < almostNothing;
  } catch {
    return false; // it is gone
  }
}

/** Two rsyncs on one mirror would be worse than none, so one that cannot be ended is another matter. */
function whyHung({ stillRuns = false }: Ending, stalled: boolean): PullTrouble | undefined {
  if (stillRuns) return 'stuck';
  return stalled ? 'stalled' : undefined;
}

async function capture(work: () => Promise<CommandResult>, atEnd: () => void): Promise<Ending> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  } finally {
    atEnd();
  }
}

function outcomeOf(
  { exitCode, stderr }: Ending,
  statistics: string,
  complaints: Complaints,
): Omit<RsyncOutcome, 'changed'> {
  const skippedDeletions = parseSkippedDeletions(stderr);
  const complete =
    exitCode === 0 ||
    exitCode === 24 ||
    exitCode === 25 ||
    (exitCode === 23 && onlyWaitsForDeletion(complaints, skippedDeletions));
  const outcome = {
    figures: parseStats(statistics),
    entries: parseRegularFiles(statistics),
    skippedDeletions,
    vanished: complaints.vanished,
    log: stderr,
  };
  return complete ? outcome : { ...outcome, trouble: classifyRsync(exitCode, stderr) };
}
