import { CommandError, type CommandResult, type RunCommand } from './command.ts';
import type { PullOrder, RsyncOutcome } from '../pipeline/machine.ts';
import { copyArgs, deleteArgs, niceCommand, type PullTarget } from './rsync.ts';
import { classifyRsync } from './rsync-failure.ts';
import { createLineSplitter, onlyWaitsForDeletion, parseProgress, parseRegularFiles, parseSkippedDeletions, parseStats } from './rsync-output.ts';

/** A pull may take days over a thin line; what stalls is ended by rsync's own --timeout. */
const longestPullMs = 14 * 86_400_000;

/** How often progress is told, in milliseconds. */
const progressEveryMs = 1_000;

/** Runs one rsync and tells how it ended; never throws for an rsync that ran. */
export async function runRsync(run: RunCommand, order: PullOrder, target: PullTarget, signal: AbortSignal): Promise<RsyncOutcome> {
  const args = order.deleteLimit === undefined ? copyArgs(order.config, target) : deleteArgs(order.config, target, order.deleteLimit);
  let statistics = '';
  let toldAt = 0;
  let files = 0; // the lines within one large file do not repeat the count
  const split = createLineSplitter((line) => {
    const progress = parseProgress(line);
    if (progress === undefined) {
      statistics = `${statistics}${line}\n`.slice(-16_384);
      return;
    }
    files = Math.max(files, progress.files);
    if (Date.now() - toldAt < progressEveryMs) return;
    toldAt = Date.now();
    order.onProgress({ ...progress, files });
  });
  const ended = await capture(() => run({
    ...niceCommand(args),
    timeoutMs: longestPullMs,
    accept: [23, 24, 25],
    signal,
    onStdout: split,
  }));
  split('\n');
  return outcomeOf(ended, statistics);
}

type Ending = Pick<CommandResult, 'stderr'> & { readonly exitCode: number | undefined };

async function capture(work: () => Promise<CommandResult>): Promise<Ending> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

function outcomeOf({ exitCode, stderr }: Ending, statistics: string): RsyncOutcome {
  const complete = exitCode === 0 || exitCode === 24 || exitCode === 25 || (exitCode === 23 && onlyWaitsForDeletion(stderr));
  const outcome = {
    figures: parseStats(statistics),
    entries: parseRegularFiles(statistics),
    skippedDeletions: parseSkippedDeletions(stderr),
    vanished: exitCode === 24,
    log: stderr,
  };
  return complete ? outcome : { ...outcome, trouble: classifyRsync(exitCode, stderr) };
}
