import { describeExcess } from '../guard/limits.ts';
import { heldReport, renderReport, tooMuch, type HeldError } from '../guard/hold.ts';
import { bytesOfPath } from '../history/change-log.ts';
import type { Guard } from '../guard/guard.ts';
import { signsIn } from './content-alarm.ts';
import { weigh } from './guard-base.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import type { PullOrder } from '../rsync/order.ts';

/**
 * Ends a run that does too much: finds out, without changing anything, what else it would have done, and leaves the
 * counts by directory on the disk. @returns the error to throw
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
  const { counts } = watch.tally;
  const excess = watch.wouldExceed({});
  const held = tooMuch(job.record.label, watch.before ?? job.record, counts, done, {
    alarm: await signsIn(machine, watch, order, counts.deleted),
    limit: excess && watch.limits && describeExcess(excess, watch.limits, counts),
  });
  try {
    await machine.writeInside(heldReport, renderReport(held.message, watch.tally));
  } catch {
    // a full disk: the operator has the numbers, only not the directories
  }
  return held;
}

/** Most files to weigh: more are too many by their number alone. */
const mostWeighed = 50_000;

async function surveyRest(machine: Machine, watch: Guard, order: PullOrder, signal: AbortSignal): Promise<void> {
  const doomed: Buffer[] = [];
  await machine.pull(
    {
      ...order,
      survey: true,
      onProgress: () => undefined,
      onChange: (change) => {
        watch.seeRest(change);
        if (change.kind === 'deleted' && !change.isDirectory && doomed.length < mostWeighed)
          doomed.push(bytesOfPath(change.path));
      },
    },
    signal,
  );
  const isWeighed = watch.tally.counts.deletedBytes !== undefined;
  if (!isWeighed) await weigh(watch, order.source, doomed, machine, signal);
}
