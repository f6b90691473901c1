import type { Bus } from '../bus/bus.ts';
import type { MountSetting } from '../config/mount-setting.ts';
import type { OpenedByPerson } from '../opening/opened-by-person.ts';
import { zonedTime } from '../text/local-time.ts';

/** The parts that the watch uses. */
export interface ForgottenParts {
  readonly bus: Bus;
  /** The disk that a person has open now. */
  readonly openedByPerson: () => Promise<OpenedByPerson | undefined>;
  readonly setting: () => Promise<MountSetting>;
  readonly now: () => Date;
  /** Milliseconds of a clock that is never set; tests have their own. */
  readonly passed?: () => number;
}

/** Closing takes a moment; a disk that stays open for longer than this after its time is in use. */
export const closingGraceMs = 2 * 60_000;
/** A disk that stays open is reported once a day. */
const stillOpenAgainMs = 24 * 3_600_000;

/**
 * Watches the disk that a person has opened: each call warns the operator when it will soon be closed
 * automatically, and when closing failed. After a restart of the agent, the warning is repeated once.
 * @returns a function that returns the milliseconds until the next check; undefined while no check is needed
 */
export function createForgottenWatch({
  bus,
  openedByPerson,
  setting,
  now,
  passed = () => performance.now(),
}: ForgottenParts): () => Promise<number | undefined> {
  let of = '';
  let zero = 0; // the time when nothing had passed: the timer that closes the disk does not follow a clock that is set
  let reminded = false;
  let toldStillOpen = -Infinity;
  return async () => {
    const open = await openedByPerson();
    if (open?.closesAt === undefined) return undefined;
    const key = `${open.label} ${open.since}`;
    if (key !== of) {
      of = key;
      zero = now().getTime() - passed();
      reminded = false;
      toldStillOpen = -Infinity;
    }
    const time = zero + passed();
    const [since, closesAt] = [Date.parse(open.since), Date.parse(open.closesAt)];
    const who = `${open.by} has had disk ${open.label} open since ${zonedTime(open.since)}`;
    if (time >= closesAt + closingGraceMs) {
      if (time < toldStillOpen + stillOpenAgainMs) return undefined;
      toldStillOpen = time;
      bus.emit('warning:raised', {
        ...{ about: 'in-use', drive: open.label },
        reason:
          `${who}. It should have been closed automatically at ${zonedTime(open.closesAt)}, ` +
          'but it is still in use. DO NOT UNPLUG it.',
        todo: 'End the programs that use it, then run: extbackup umount . No run starts before that.',
        topic: `open ${open.label}`,
      });
      return undefined;
    }
    const remindAt = Math.max(closesAt - (await setting()).remindBefore, (since + closesAt) / 2);
    if (!reminded && time < remindAt) return remindAt - time;
    if (reminded || time >= closesAt) return closesAt + closingGraceMs - time;
    reminded = true;
    bus.emit('warning:raised', {
      ...{ about: 'forgotten', drive: open.label },
      reason: `${who}, and may have forgotten it. No run starts until it is closed.`,
      todo: `Close it with: extbackup umount . It will be closed automatically at ${zonedTime(open.closesAt)}.`,
      topic: `open ${open.label}`,
    });
    return closesAt + closingGraceMs - time;
  };
}
