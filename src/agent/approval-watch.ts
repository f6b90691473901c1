import type { Bus } from '../bus/bus.ts';
import type { DriveRecord } from '../records/drive-record.ts';

/** The parts that the watch uses. */
export interface ApprovalParts {
  readonly bus: Bus;
  readonly drives: () => Promise<readonly DriveRecord[]>;
}

/**
 * Watches the list of disks for approvals: each call reports the new ones. The first call, at the
 * start, reports only approvals that no run has used yet: the others were reported before.
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
