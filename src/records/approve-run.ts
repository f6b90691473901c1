import { UsageError } from '../errors.ts';
import type { DriveRecord } from './drive-record.ts';
import type { DriveRegistry } from './drive-registry.ts';

/** The person who approves, and the reason. */
export interface Approval {
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
}

const keptApprovals = 50;

/**
 * The disk with a run that waits for an answer.
 * @param wanted a run or a disk; undefined means the only one
 * @throws UsageError
 */
export function findHeld(drives: readonly DriveRecord[], wanted: string | undefined): DriveRecord {
  const held = drives.filter(({ hold, suspicion }) => hold !== undefined || suspicion !== undefined);
  const matching =
    wanted === undefined
      ? held
      : held.filter(
          ({ label, hold, suspicion }) => label === wanted || hold?.runId === wanted || suspicion?.runId === wanted,
        );
  const [first] = matching;
  if (first && matching.length === 1) return first;
  if (first)
    throw new UsageError(
      `Several disks wait for an answer: ${matching.map(({ label }) => label).join(', ')}.`,
      'Name one: extbackup approve LABEL',
    );
  throw new UsageError(
    wanted === undefined
      ? 'No run waits for an approval.'
      : `No run waits for an approval under this name or disk: ${wanted}.`,
    'See: extbackup status',
  );
}

/** Writes an approval into the list of disks; it covers the changes that the run made and would have made, no more. */
export async function approveRun(registry: DriveRegistry, label: string, { by, reason, at }: Approval): Promise<void> {
  await registry.update((drives) =>
    drives.map((drive) => {
      const { hold, suspicion, ...rest } = drive;
      const runId = hold?.runId ?? suspicion?.runId;
      if (drive.label !== label || runId === undefined) return drive;
      const approved = { at: at.toISOString(), by, reason };
      const approvals = [...(drive.approvals ?? []), { runId, ...approved }].slice(-keptApprovals);
      // An approval of an old heartbeat does not cover the content of an earlier run.
      const unanswered = hold?.attestation !== undefined && suspicion !== undefined;
      return { ...rest, ...(hold && { hold: { ...hold, approved } }), ...(unanswered && { suspicion }), approvals };
    }),
  );
}
