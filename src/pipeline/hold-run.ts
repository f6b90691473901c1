import { heldReport, renderReport, tooMuch, type HeldError } from '../guard/hold.ts';
import { createTally } from '../guard/tally.ts';
import type { Guard } from '../guard/guard.ts';
import { signsIn } from './content-alarm.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import type { PullOrder } from '../rsync/order.ts';

/**
 * Ends a run that does too much: looks, without changing anything, what else it would have done, and leaves the counts
 * by directory on the disk.
 * @returns what to throw
 */
export async function holdRun(
  job: Job,
  machine: Machine,
  watch: Guard,
  order: PullOrder,
  signal: AbortSignal,
): Promise<HeldError> {
  const done = { deleted: watch.tally.counts.deleted, isKept: job.config.history.enabled };
  await surveyRest(machine, watch, order, signal);
  const held = tooMuch(
    job.record.label,
    watch.before ?? job.record,
    watch.tally.counts,
    done,
    await signsIn(machine, watch, order, watch.tally.counts.deleted),
  );
  try {
    await machine.writeInside(heldReport, renderReport(held.message, watch.tally));
  } catch {
    // a full disk: the operator has the numbers, only not the directories
  }
  return held;
}

/**
 * Whether a pull that did not get to its end would have been too much: a full disk may be full of encrypted copies.
 */
export async function wouldBeTooMuch(
  machine: Machine,
  watch: Guard,
  order: PullOrder,
  signal: AbortSignal,
): Promise<boolean> {
  if (watch.before === undefined) return false;
  const rest = createTally();
  await machine.pull(
    {
      ...order,
      survey: true,
      onChange: (change) => {
        rest.add(change);
      },
    },
    signal,
  );
  const { changed, deleted, changedBytes } = rest.counts;
  return watch.wouldExceed({ changed, deleted, changedBytes }) !== undefined;
}

async function surveyRest(machine: Machine, watch: Guard, order: PullOrder, signal: AbortSignal): Promise<void> {
  await machine.pull(
    {
      ...order,
      survey: true,
      onProgress: () => undefined,
      onChange: (change) => {
        watch.seeRest(change);
      },
    },
    signal,
  );
}
