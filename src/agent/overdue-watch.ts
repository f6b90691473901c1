import type { Bus } from '../bus/bus.ts';
import type { OverdueRotation } from '../bus/overdue.ts';
import type { RotationSetting } from '../config/rotation-setting.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import {
  copyFrom,
  freshestOfflineCopy,
  isInFuture,
  isOverdue,
  isTooOld,
  offlineSince,
  planRotation,
  type OfflineCopy,
} from '../records/rotation.ts';
import type { RotationMemory, RotationMemoryKeeper } from '../records/rotation-memory.ts';
import { groupsOf, type SetGroup } from '../records/sets.ts';

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
 * operator does not have yet. If the whole rotation, or a set, is overdue, one event names all its disks.
 */
export async function checkOverdue({
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
  const judged = groupsOf(active, setting).map((group) => judge(group, setting, { memory, here, time }));
  // Remember first, then report: a full disk must not lead to a message every hour.
  await keeper.write(memory, remembered(memory, judged, time));
  for (const group of judged) {
    if (group.tellWhole) bus.emit('rotation:overdue', wholeNews(group));
    for (const { label, lastSuccess } of group.due) bus.emit('rotation:overdue', { drive: label, lastSuccess });
  }
}

/** One set, or the whole rotation. */
interface Judged {
  readonly set: string | undefined;
  readonly overdue: readonly DriveRecord[];
  /** Disks to report. */
  readonly due: readonly DriveRecord[];
  readonly copy: OfflineCopy | undefined;
  readonly whole: boolean;
  readonly tellWhole: boolean;
  readonly next: string | undefined;
}

type OfSet = Pick<RotationMemory, 'wholeTold' | 'lastOffline'>;

const memoryOf = (memory: RotationMemory, set: string | undefined): OfSet | undefined =>
  set === undefined ? memory : memory.sets?.[set];

function judge(
  { set, disks }: SetGroup<DriveRecord>,
  setting: RotationSetting,
  { memory, here, time }: { readonly memory: RotationMemory; readonly here: ReadonlySet<string>; readonly time: Date },
): Judged {
  const before = memoryOf(memory, set?.name);
  const overdue = disks.filter((record) => isOverdue(record, setting, time));
  const copy = freshestOfflineCopy(
    disks.map((record) => ({
      label: record.label,
      lastSuccess: record.lastSuccess,
      ...copyFrom(record, time),
      present: here.has(record.label),
    })),
    time,
  );
  const at = offlineSince(copy, before?.lastOffline, disks, time);
  const whole = at !== undefined && isTooOld(at, setting, time);
  // A warning that is dated in the future was sent while the clock was ahead: the next one must not wait until then.
  const isDue = (told: string | undefined): boolean =>
    told === undefined || isInFuture(told, time) || time.getTime() - Date.parse(told) >= tellAgainAfterMs;
  return {
    ...{ set: set?.name, overdue, copy, whole },
    tellWhole: whole && isDue(before?.wholeTold),
    due: whole ? [] : overdue.filter(({ label }) => isDue(memory.told[label])),
    next: [...planRotation(disks, { ...setting, sets: undefined }, time, here)].find(([, place]) => place.nextUp)?.[0],
  };
}

function remembered(memory: RotationMemory, judged: readonly Judged[], time: Date): RotationMemory {
  const now = time.toISOString();
  const told = judged.flatMap(({ overdue, due, tellWhole }) =>
    overdue.map(({ label }) => [
      label,
      tellWhole || due.some((other) => other.label === label) ? now : (memory.told[label] ?? now),
    ]),
  );
  const ofSet = ({ set, whole, tellWhole, copy }: Judged): OfSet => {
    const before = memoryOf(memory, set);
    const toldAt = tellWhole ? now : before?.wholeTold;
    const lastOffline = copy?.at ?? before?.lastOffline;
    return {
      ...(whole && toldAt !== undefined && { wholeTold: toldAt }),
      ...(lastOffline !== undefined && { lastOffline }),
    };
  };
  const whole = judged.find(({ set }) => set === undefined);
  const sets = judged.flatMap((group) => (group.set === undefined ? [] : [[group.set, ofSet(group)] as const]));
  return {
    version: 1,
    told: Object.fromEntries(told) as Record<string, string>,
    ...(whole && ofSet(whole)),
    ...(sets.length > 0 && { sets: Object.fromEntries(sets) }),
  };
}

const wholeNews = ({ set, copy, overdue, next }: Judged): OverdueRotation => ({
  ...(set !== undefined && { set }),
  lastSuccess: copy?.at ?? null,
  overdue: overdue.map(({ label }) => label),
  ...(next !== undefined && { next }),
  ...(copy && { freshest: copy.drive }),
});
