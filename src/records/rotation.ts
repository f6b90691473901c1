import { cadenceOf, type RotationSetting } from '../config/rotation-setting.ts';
import type { DriveRecord } from './drive-record.ts';
import type { DriveStatus, RotationStatus, SetStatus } from '../protocol/status.ts';
import { groupsOf, successOf, type DiskSet } from './sets.ts';

type Cadence = Pick<RotationSetting, 'every' | 'drives' | 'sets'>;

/** The place of a disk in the rotation. */
export interface RotationPlace {
  readonly overdue: boolean;
  /** The disk of its set to bring next: the one that is due first among those that are not plugged in. */
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

/** The same for the status, where it differs from the last success. */
export function copyFrom(record: DriveRecord, now: Date): { readonly copyFrom?: string } {
  const { lastSuccess } = record;
  if (lastSuccess === null || !isInFuture(lastSuccess, now)) return {};
  return { copyFrom: countsFrom(record, now).toISOString() };
}

/** The time at which a disk is overdue. */
export const dueAt = (record: DriveRecord, cadence: Cadence, now: Date): Date =>
  new Date(countsFrom(record, now).getTime() + cadenceOf(cadence, record.label));

/** Whether the last success of a disk is too old. Retired and lost disks are never overdue. */
export function isOverdue(record: DriveRecord, cadence: Cadence, now: Date): boolean {
  return record.state === 'active' && now.getTime() > dueAt(record, cadence, now).getTime();
}

/**
 * The place of every disk, by label. With sets, each set has a disk to bring next; a disk of no set has no place.
 * @param present labels of the plugged disks, which nobody needs to bring
 */
export function planRotation(
  records: readonly DriveRecord[],
  cadence: Cadence,
  now: Date,
  present: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, RotationPlace> {
  const places = groupsOf(records, cadence).flatMap(({ disks }) => placesIn(disks, cadence, now, present));
  const found = new Map(places);
  return new Map(records.map(({ label }) => [label, found.get(label) ?? { overdue: false, nextUp: false }]));
}

function placesIn(
  records: readonly DriveRecord[],
  cadence: Cadence,
  now: Date,
  present: ReadonlySet<string>,
): (readonly [string, RotationPlace])[] {
  const active = records.filter(({ state }) => state === 'active');
  const away = active.filter(({ label }) => !present.has(label));
  const urgency = (record: DriveRecord): number =>
    record.lastSuccess === null ? 0 : dueAt(record, cadence, now).getTime();
  const [first] = (away.length > 0 ? away : active).toSorted((a, b) => urgency(a) - urgency(b));
  return records.map((record) => [
    record.label,
    { overdue: isOverdue(record, cadence, now), nextUp: record.label === first?.label },
  ]);
}

/** A copy on an unplugged disk: it is left if this machine and the server are lost. */
export interface OfflineCopy {
  readonly drive: string;
  /** Its time stamp; ISO 8601, UTC. */
  readonly at: string;
}

/** What tells the age of the copy on a disk. */
interface Copy {
  readonly label: string;
  readonly present: boolean;
  readonly lastSuccess: string | null;
  /** See {@link copyFrom}. */
  readonly copyFrom?: string | undefined;
}

/** The freshest of the offline copies; undefined when there is none. Copies with a date in the future come last. */
export function freshestOfflineCopy(drives: readonly Copy[], now: Date): OfflineCopy | undefined {
  const all = drives.flatMap(({ label, present, lastSuccess, copyFrom: from }) =>
    present || lastSuccess === null
      ? []
      : [{ drive: label, at: isInFuture(lastSuccess, now) ? (from ?? lastSuccess) : lastSuccess }],
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
 * was known, unless a clock that was ahead dated it; else the first enrolment.
 */
export function offlineSince(
  copy: OfflineCopy | undefined,
  lastOffline: string | undefined,
  drives: readonly { readonly enrolledAt: string | null }[],
  now: Date,
): string | undefined {
  const last = lastOffline === undefined || isInFuture(lastOffline, now) ? undefined : lastOffline;
  return copy?.at ?? last ?? drives.flatMap(({ enrolledAt }) => enrolledAt ?? []).sort()[0];
}

/** The last known offline copies: they count while there is none. */
export interface LastOffline {
  readonly lastOffline?: string | undefined;
  readonly sets?: Readonly<Record<string, Pick<LastOffline, 'lastOffline'>>> | undefined;
}

type OfDisks = Omit<RotationStatus, 'sets'>;

/** The rotation as a whole. With sets, it is as good as the set with the oldest copy. */
export function describeRotation(
  drives: readonly DriveStatus[],
  rotation: Pick<RotationSetting, 'offline' | 'sets'>,
  last: LastOffline,
  now: Date,
): RotationStatus {
  if (rotation.sets === undefined) return ofDisks(drives, rotation, last.lastOffline, now);
  const sets = groupsOf(drives, rotation).map(({ set, disks }): SetStatus => {
    const { name = '', drives: labels = [], sources = [] } = set ?? {};
    return {
      ...{ name, drives: [...labels] },
      ...ofDisks(disks, rotation, last.sets?.[name]?.lastOffline, now),
      sources: sources.map((source) => ofSource(source, disks, rotation, now)),
    };
  });
  const [worst] = sets.toSorted((a, b) => badness(b) - badness(a));
  return {
    offlineCopy: worst?.offlineCopy ?? null,
    overdue: sets.some(({ overdue }) => overdue),
    next: worst?.next ?? sets.find(({ next }) => next !== null)?.next ?? null,
    overdueDrives: drives.filter(({ overdue }) => overdue).map(({ label }) => label),
    sets,
  };
}

/** An overdue set is worse than any other, then one without a copy, then the one with the oldest. */
const badness = ({ overdue, offlineCopy }: OfDisks): number =>
  (overdue ? 1e15 : 0) + (offlineCopy === null ? 1e14 : offlineCopy.ageSeconds);

function ofDisks(
  drives: readonly DriveStatus[],
  rotation: Pick<RotationSetting, 'offline'>,
  lastOffline: string | undefined,
  now: Date,
): OfDisks {
  const copy = freshestOfflineCopy(drives, now);
  const at = offlineSince(copy, lastOffline, drives, now);
  return {
    offlineCopy: copy === undefined ? null : withAge(copy, now),
    overdue: at !== undefined && isTooOld(at, rotation, now),
    next: drives.find(({ nextUp }) => nextUp)?.label ?? null,
    overdueDrives: drives.filter(({ overdue }) => overdue).map(({ label }) => label),
  };
}

/** The freshest offline copy of one source of a set. */
function ofSource(
  name: DiskSet['sources'][number],
  disks: readonly DriveStatus[],
  rotation: Pick<RotationSetting, 'offline'>,
  now: Date,
): SetStatus['sources'][number] {
  const copies = disks.map((disk) => ({ ...disk, lastSuccess: successOf(disk, name) }));
  const copy = freshestOfflineCopy(copies, now);
  const at = offlineSince(copy, undefined, disks, now);
  return {
    name,
    offlineCopy: copy === undefined ? null : withAge(copy, now),
    overdue: at !== undefined && isTooOld(at, rotation, now),
  };
}

const withAge = (copy: OfflineCopy, now: Date): OfflineCopy & { readonly ageSeconds: number } => ({
  ...copy,
  ageSeconds: Math.max(0, Math.floor((now.getTime() - Date.parse(copy.at)) / 1000)),
});
