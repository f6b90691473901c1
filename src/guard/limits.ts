import type { Config } from '../config/schema.ts';
import type { Counts } from '../bus/events.ts';

/** What the disk held after its last complete run. */
export interface Before {
  readonly filesTotal: number;
  readonly bytesTotal: number;
}

/** How much a run may do before it stops to ask. */
export interface Limits {
  readonly deleted: number;
  readonly changed: number;
  readonly changedBytes: number;
}

/** What a limit is about. */
export type Excess = keyof Limits;

/** A little may change between the moment when somebody looked and the run that was approved. */
const slack = 1.1;

/**
 * The limits of a run.
 * @param before undefined before the first complete run, of which nothing can be too much
 * @param approved what an operator has agreed to
 */
export function limitsFor(guard: Config['guard'], before: Before | undefined, approved?: Counts): Limits | undefined {
  if (!guard.enabled || before === undefined || before.filesTotal === 0) return undefined;
  const most = (share: number, agreed = 0): number =>
    Math.max(
      guard.floor,
      Math.floor(share * before.filesTotal),
      Math.ceil(agreed * slack) + (agreed > 0 ? guard.floor : 0),
    );
  return {
    deleted: most(guard.deleted, approved?.deleted),
    changed: most(guard.changed, approved?.changed),
    // A file may also grow, so all of the bytes is no limit at all.
    changedBytes:
      guard.bytes >= 1 ? Infinity : Math.max(guard.bytes * before.bytesTotal, (approved?.changedBytes ?? 0) * slack),
  };
}

/** Which limit is exceeded; the changed bytes only together with more files than `floor`. */
export function exceeded(limits: Limits | undefined, counts: Pick<Counts, Excess>, floor: number): Excess | undefined {
  if (limits === undefined) return undefined;
  if (counts.deleted > limits.deleted) return 'deleted';
  if (counts.changed > limits.changed) return 'changed';
  return counts.changedBytes > limits.changedBytes && counts.changed > floor ? 'changedBytes' : undefined;
}
