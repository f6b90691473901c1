import type { DriveRecord } from '../drives/drive-record.ts';

/** Where a disk stands in the rotation. */
export interface RotationPlace {
  readonly overdue: boolean;
  /** The disk to bring next: the one whose copy is oldest. */
  readonly nextUp: boolean;
}

/**
 * Whether the last success, or the enrolment of a disk that never had one, is longer ago than `everyMs`.
 * Retired and lost disks never are.
 */
export function isOverdue(record: DriveRecord, everyMs: number, now: Date): boolean {
  return record.state === 'active' && now.getTime() - Date.parse(record.lastSuccess ?? record.enrolledAt) > everyMs;
}

/** The place of every disk, by label. */
export function planRotation(records: readonly DriveRecord[], everyMs: number, now: Date): ReadonlyMap<string, RotationPlace> {
  const copies = records.filter(({ state }) => state === 'active');
  const oldest = copies.toSorted((a, b) => copyTime(a) - copyTime(b))[0];
  return new Map(records.map((record) => [record.label, { overdue: isOverdue(record, everyMs, now), nextUp: record.label === oldest?.label }]));
}

const copyTime = ({ lastSuccess }: DriveRecord): number => (lastSuccess === null ? 0 : Date.parse(lastSuccess));
