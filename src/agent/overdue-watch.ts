import type { Bus } from '../bus/bus.ts';
import type { RotationSetting } from '../config/rotation-setting.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import {
  countsFrom,
  freshestOfflineCopy,
  isInFuture,
  isOverdue,
  isTooOld,
  offlineSince,
  planRotation,
} from '../records/rotation.ts';
import type { RotationMemoryKeeper } from '../records/rotation-memory.ts';

/** The parts that the watch uses. */
export interface OverdueParts {
  readonly bus: Bus;
  /** Remembers the times of the last warnings; survives a restart. */
  readonly memory: RotationMemoryKeeper;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  /** Labels of the disks that are plugged in. */
  readonly present: () => ReadonlySet<string>;
  readonly rotation: () => Promise<RotationSetting>;
  readonly now: () => Date;
}

/** A disk that stays overdue is reported once a week, not at every check. */
export const tellAgainAfterMs = 7 * 24 * 3_600_000;

/**
 * Checks once whether the whole rotation, or a disk of it, is overdue, and emits `rotation:overdue` for news that the
 * operator does not have yet. If the whole rotation is overdue, one event names all its disks.
 */
export async function lookForOverdue({
  bus,
  memory: keeper,
  drives,
  present,
  rotation,
  now,
}: OverdueParts): Promise<void> {
  const time = now();
  const setting = await rotation();
  const here = present();
  const active = (await drives()).filter(({ state }) => state === 'active');
  const memory = await keeper.read();
  const overdue = active.filter((record) => isOverdue(record, setting, time));
  const copy = freshestOfflineCopy(
    active.map((record) => ({
      label: record.label,
      lastSuccess:
        record.lastSuccess !== null && isInFuture(record.lastSuccess, time)
          ? countsFrom(record, time).toISOString()
          : record.lastSuccess,
      present: here.has(record.label),
    })),
    time,
  );
  const at = offlineSince(copy, memory.lastOffline, active);
  const whole = at !== undefined && isTooOld(at, setting, time);
  const isDue = (told: string | undefined): boolean =>
    told === undefined || time.getTime() - Date.parse(told) >= tellAgainAfterMs;
  const tellWhole = whole && isDue(memory.wholeTold);
  const due = whole ? [] : overdue.filter(({ label }) => isDue(memory.told[label]));
  const toldAt = tellWhole ? time.toISOString() : memory.wholeTold;
  // Remember first, then report: a full disk must not lead to a message every hour.
  await keeper.write(memory, {
    version: 1,
    told: Object.fromEntries(
      overdue.map(({ label }) => [
        label,
        tellWhole || due.some((other) => other.label === label)
          ? time.toISOString()
          : (memory.told[label] ?? time.toISOString()),
      ]),
    ),
    ...(whole && toldAt !== undefined && { wholeTold: toldAt }),
    ...((copy !== undefined || memory.lastOffline !== undefined) && { lastOffline: copy?.at ?? memory.lastOffline }),
  });
  const next = [...planRotation(active, setting, time, here)].find(([, place]) => place.nextUp)?.[0];
  if (tellWhole)
    bus.emit('rotation:overdue', {
      lastSuccess: copy?.at ?? null,
      overdue: overdue.map(({ label }) => label),
      ...(next !== undefined && { next }),
      ...(copy && { freshest: copy.drive }),
    });
  for (const { label, lastSuccess } of due) bus.emit('rotation:overdue', { drive: label, lastSuccess });
}
