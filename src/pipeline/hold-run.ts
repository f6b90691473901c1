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
 * Ends a run that exceeds a limit: finds the changes that it would still have made, without making them, and leaves the
 * counts by directory on the disk. @returns the error to throw
 */
export async function holdRun(
  job: Job,
  machine: Machine,
  guard: Guard,
  order: PullOrder,
  signal: AbortSignal,
): Promise<HeldError> {
  const done = { deleted: guard.tally.counts.deleted, isKept: job.config.history.enabled };
  await surveyRest(machine, guard, order, signal);
  const { counts } = guard.tally;
  const excess = guard.wouldExceed({});
  const held = tooMuch(job.record.label, guard.before ?? job.record, counts, done, {
    alarm: await signsIn(machine, guard, order, counts.deleted),
    limit: excess && guard.limits && describeExcess(excess, guard.limits, counts),
  });
  try {
    await machine.writeInside(heldReport, renderReport(held.message, guard.tally));
  } catch {
    // a full disk: the operator has the numbers, only not the directories
  }
  return held;
}

/** The most files to add up: a larger number exceeds a limit by itself. */
const mostWeighed = 50_000;

async function surveyRest(machine: Machine, guard: Guard, order: PullOrder, signal: AbortSignal): Promise<void> {
  const doomed: Buffer[] = [];
  await machine.pull(
    {
      ...order,
      survey: true,
      onProgress: () => undefined,
      onChange: (change) => {
        guard.seeRest(change);
        if (change.kind === 'deleted' && !change.isDirectory && doomed.length < mostWeighed)
          doomed.push(bytesOfPath(change.path));
      },
    },
    signal,
  );
  const isWeighed = guard.tally.counts.deletedBytes !== undefined;
  if (!isWeighed) await weigh(guard, order.source, doomed, machine, signal);
}
