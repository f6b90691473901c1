import type { PullFigures } from '../bus/events.ts';
import type { Guard } from '../guard/guard.ts';
import type { PullOrder, Recheck, RsyncOutcome } from '../rsync/order.ts';
import { holdRun } from './hold-run.ts';
import type { Job } from './job.ts';
import { keeping } from './keeping.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';

/** The parts of the pull before. */
export interface Pulled {
  readonly guard: Guard;
  readonly order: PullOrder;
  /** The size of the source. */
  readonly figures: PullFigures;
}

/**
 * After a pull, which takes files with equal size and time for equal: compares some by content, and copies those that
 * differ; replaced files are kept and counted as usual. Files that cannot be compared are reported, and fail no run:
 * the pull itself is complete.
 * @returns the figures, including these copies
 * @throws HeldError when too much differs
 */
export async function compareContent(
  job: Job,
  machine: Machine,
  story: Story,
  { guard, order, figures }: Pulled,
  signal: AbortSignal,
): Promise<PullFigures> {
  const { checksum, share } = job.config.pull.compare;
  let sum = figures;
  const compare = async (recheck: Recheck): Promise<boolean> => {
    const kept = await keeping(job, machine, guard);
    const outcome = await machine.pull({ ...order, ...kept, recheck, onProgress: () => undefined }, guard.signal);
    if (guard.excess() !== undefined) throw await holdRun(job, machine, guard, order, signal);
    sum = withCopied(sum, outcome);
    // A file that the server lost meanwhile, or cannot read, is left to the next pull.
    const isDone = outcome.trouble === undefined || outcome.trouble === 'gaps';
    if (!isDone && !signal.aborted)
      story.tell('run:warned', {
        about: 'compare',
        reason: 'The backup is complete, but files that the settings name could not all be compared by content.',
        todo: 'The next run does it: extbackup run ; the setting is pull.compare.',
      });
    return isDone;
  };
  if (checksum.length > 0 && !(await compare({ patterns: checksum }))) return sum;
  if (share === 0 || signal.aborted) return sum;
  const part = await machine.drawPart(order.source, share, figures, signal);
  if (part !== undefined && (await compare({ list: part.list }))) await part.done();
  return sum;
}

/** The sum of the figures of two rsyncs of the same run. */
export const withCopied = (before: PullFigures, { figures }: RsyncOutcome): PullFigures => ({
  ...before,
  filesTransferred: before.filesTransferred + figures.filesTransferred,
  bytesTransferred: before.bytesTransferred + figures.bytesTransferred,
  bytesReceived: before.bytesReceived + figures.bytesReceived,
});
