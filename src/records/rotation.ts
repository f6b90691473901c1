import { cadenceOf, type RotationSetting } from '../config/rotation-setting.ts';
import type { DriveRecord } from './drive-record.ts';
import type { DriveStatus, RotationStatus } from '../protocol/status.ts';

type Cadence = Pick<RotationSetting, 'every' | 'drives'>;

/** The place of a disk in the rotation. */
export interface RotationPlace {
  readonly overdue: boolean;
  /** The disk to bring next: the one that is due first among those that are not plugged in. */
  readonly nextUp: boolean;
}

const day = 86_400_000;
const year = 366 * day;

/** Whether a time is in the future: either it or the clock is wrong. */
export const isInFuture = (time: string, now: Date): boolean => Date.parse(time) > now.getTime() + day;

/**
 * Start of a disk's age: its last success, or its enrolment if it never had one. A success in the future means that the
 * clock was ahead then, or is behind now: then the latest earlier time counts that is not in the future.
 */
export function countsFrom(
  { lastSuccess, successBefore, enrolledAt }: Pick<DriveRecord, 'lastSuccess' | 'successBefore' | 'enrolledAt'>,
  now: Date,
): Date {
  const isFarAhead = lastSuccess === null || isInFuture(lastSuccess, new Date(now.getTime() + year));
  const known = [lastSuccess, successBefore, ...(isFarAhead ? [enrolledAt] : [])].flatMap((time) => time ?? []);
  const first = known.find((time) => !isInFuture(time, now));
  return first === undefined ? now : new Date(Date.parse(first));
}

/** The time at which a disk is overdue. */
const dueAt = (record: DriveRecord, cadence: Cadence, now: Date): Date =>
  new Date(countsFrom(record, now).getTime() + cadenceOf(cadence, record.label));

/** Whether the last success of a disk is too old. Retired and lost disks are never overdue. */
export function isOverdue(record: DriveRecord, cadence: Cadence, now: Date): boolean {
  return record.state === 'active' && now.getTime() > dueAt(record, cadence, now).getTime();
}

/**
 * The place of every disk, by label.
 * @param present labels of the plugged disks, which nobody needs to bring
 */
export function planRotation(
  records: readonly DriveRecord[],
  cadence: Cadence,
  now: Date,
  present: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, RotationPlace> {
  const active = records.filter(({ state }) => state === 'active');
  const away = active.filter(({ label }) => !present.has(label));
  const urgency = (record: DriveRecord): number =>
    record.lastSuccess === null ? 0 : dueAt(record, cadence, now).getTime();
  const [first] = (away.length > 0 ? away : active).toSorted((a, b) => urgency(a) - urgency(b));
  return new Map(
    records.map((record) => [
      record.label,
      { overdue: isOverdue(record, cadence, now), nextUp: record.label === first?.label },
    ]),
  );
}

/** A copy on an unplugged disk: it is left if this machine and the server are lost. */
export interface OfflineCopy {
  readonly drive: string;
  /** Its time stamp; ISO 8601, UTC. */
  readonly at: string;
}

/** The freshest of the offline copies; undefined when there is none. Copies with a date in the future come last. */
export function freshestOfflineCopy(
  drives: readonly { readonly label: string; readonly present: boolean; readonly lastSuccess: string | null }[],
  now: Date,
): OfflineCopy | undefined {
  const all = drives.flatMap(({ label, present, lastSuccess }) =>
    present || lastSuccess === null ? [] : [{ drive: label, at: lastSuccess }],
  );
  const past = all.filter(({ at }) => !isInFuture(at, now));
  const copies = past.length > 0 ? past : all;
  return copies.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
}

/**
 * Whether even the freshest offline copy is too old: then the whole rotation is overdue, whatever the state of each
 * disk.
 */
export function isTooOld(at: string, rotation: Pick<RotationSetting, 'offline'>, now: Date): boolean {
  return now.getTime() - Date.parse(at) > rotation.offline;
}

/**
 * The time from which the age of the offline copy counts: the freshest offline copy; if there is none, the last one that
 * was known; else the first enrolment.
 */
export function offlineSince(
  copy: OfflineCopy | undefined,
  lastOffline: string | undefined,
  drives: readonly { readonly enrolledAt: string | null }[],
): string | undefined {
  return copy?.at ?? lastOffline ?? drives.flatMap(({ enrolledAt }) => enrolledAt ?? []).sort()[0];
}

/**
 * The rotation as a whole.
 * @param lastOffline time of the last known offline copy; used while there is none
 */
export function describeRotation(
  drives: readonly DriveStatus[],
  rotation: Pick<RotationSetting, 'offline'>,
  lastOffline: string | undefined,
  now: Date,
): RotationStatus {
  const copy = freshestOfflineCopy(drives, now);
  const at = offlineSince(copy, lastOffline, drives);
  return {
    offlineCopy:
      copy === undefined
        ? null
        : { ...copy, ageSeconds: Math.max(0, Math.floor((now.getTime() - Date.parse(copy.at)) / 1000)) },
    overdue: at !== undefined && isTooOld(at, rotation, now),
    next: drives.find(({ nextUp }) => nextUp)?.label ?? null,
    overdueDrives: drives.filter(({ overdue }) => overdue).map(({ label }) => label),
  };
}
