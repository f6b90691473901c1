import { cadenceOf, usualRotation, type RotationSetting } from '../config/rotation-setting.ts';
import type { NextDisk } from '../notify/next-words.ts';
import type { Status } from '../protocol/status.ts';
import { countsFrom } from '../records/rotation.ts';

/**
 * The disk to bring next (with sets, the next disk of the set with the oldest copy), and its date: before it is overdue,
 * and before the present copy is too old to be the freshest offline one.
 * @returns undefined when no other disk is unplugged
 */
export function nextDisk(
  status: (Pick<Status, 'drives'> & Partial<Pick<Status, 'rotation'>>) | undefined,
  rotation: RotationSetting = usualRotation,
  now: Date,
): NextDisk | undefined {
  const away = status?.drives.filter(({ nextUp, present }) => nextUp && !present) ?? [];
  const next = away.find(({ label }) => label === status?.rotation?.next) ?? away[0];
  if (next === undefined) return undefined;
  const { label, lastSuccess, enrolledAt } = next;
  const from = countsFrom({ lastSuccess, successBefore: null, enrolledAt: enrolledAt ?? now.toISOString() }, now);
  const due = from.getTime() + cadenceOf(rotation, label);
  return { drive: label, by: new Date(Math.min(due, now.getTime() + rotation.offline)) };
}
