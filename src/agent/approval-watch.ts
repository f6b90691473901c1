import type { Bus } from '../bus/bus.ts';
import type { DriveRecord } from '../records/drive-record.ts';

/** What looking for approvals needs. */
export interface ApprovalParts {
  readonly bus: Bus;
  readonly drives: () => Promise<readonly DriveRecord[]>;
}

/**
 * Watches the list of disks for what operators have agreed to: each call tells what is new. The first call, at the
 * start, tells only what a run still has to act on: the rest is in the log of its own day.
 */
export function createApprovalWatch({ bus, drives }: ApprovalParts): () => Promise<void> {
  let told: Set<string> | undefined;
  return async () => {
    const approvals = (await drives()).flatMap(({ label, hold, approvals: given = [] }) =>
      given.map((approval) => ({
        drive: label,
        ...approval,
        pending: hold?.approved?.at === approval.at,
      })),
    );
    const isNew =
      told === undefined
        ? ({ pending }: { pending: boolean }) => pending
        : ({ drive, at }: { drive: string; at: string }) => !told?.has(`${drive} ${at}`);
    const fresh = approvals.filter(isNew);
    told = new Set(approvals.map(({ drive, at }) => `${drive} ${at}`));
    for (const { runId, drive, by, reason } of fresh) bus.emit('run:approved', { runId, drive, by, reason });
  };
}
