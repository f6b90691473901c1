import type { Config } from '../config/schema.ts';
import type { Counts } from '../bus/events.ts';

/** What the disk holds, as far as the limits go: the least of its last complete runs, or what was counted on it. */
export interface Before {
  readonly filesTotal: number;
  readonly bytesTotal: number;
}

/** How much a run may do before it stops to ask. */
export interface Limits {
  readonly created: number;
  readonly deleted: number;
  readonly deletedBytes: number;
  readonly changed: number;
  readonly changedBytes: number;
  readonly attributes: number;
}

/** What a limit is about. */
export type Excess = keyof Limits;

/** A little may change between the moment when somebody looked and the run that was approved. */
const slack = 1.1;

/** Fewer deleted bytes than these never count by themselves: 16 MiB. */
const fewestDeletedBytes = 16 * 1024 * 1024;

/**
 * The limits of a run.
 * @param before undefined when nothing is on the disk yet, of which nothing can be too much
 * @param approved what an operator has agreed to
 * @param isFirst no run was complete yet, so any number of files may be new
 */
export function limitsFor(
  guard: Config['guard'],
  before: Before | undefined,
  approved?: Counts,
  isFirst = false,
): Limits | undefined {
  if (!guard.enabled || before === undefined || before.filesTotal === 0) return undefined;
  const most = (share: number, agreed = 0): number =>
    Math.max(
      guard.floor,
      Math.floor(share * before.filesTotal),
      Math.ceil(agreed * slack) + (agreed > 0 ? guard.floor : 0),
    );
  // A file may also grow, so all of the bytes is no limit at all.
  const mostBytes = (share: number, agreed = 0): number =>
    share >= 1 ? Infinity : Math.max(share * before.bytesTotal, agreed * slack);
  return {
    created: isFirst ? Infinity : most(guard.created, approved?.created),
    deleted: most(guard.deleted, approved?.deleted),
    deletedBytes: mostBytes(guard.deletedBytes, agreedBytes(approved)),
    changed: most(guard.changed, approved?.changed),
    changedBytes: mostBytes(guard.bytes, approved?.changedBytes),
    attributes: guard.attributes >= 1 ? Infinity : most(guard.attributes, approved?.attributes),
  };
}

/** Deletions that were agreed to before their size was measured are agreed to whatever their size. */
const agreedBytes = (approved: Counts | undefined): number | undefined =>
  (approved?.deleted ?? 0) > 0 ? (approved?.deletedBytes ?? Infinity) : approved?.deletedBytes;

/**
 * Which limit is exceeded. Changed bytes count only together with more files than `floor`; deleted bytes also where
 * they are a few large files.
 */
export function exceeded(limits: Limits | undefined, counts: Pick<Counts, Excess>, floor: number): Excess | undefined {
  if (limits === undefined) return undefined;
  const { created, changed, changedBytes, deleted, deletedBytes = 0, attributes = 0 } = counts;
  if (deleted > limits.deleted) return 'deleted';
  if (deletedBytes > limits.deletedBytes && (deleted > floor || deletedBytes > fewestDeletedBytes))
    return 'deletedBytes';
  if (changed > limits.changed) return 'changed';
  if (changedBytes > limits.changedBytes && changed > floor) return 'changedBytes';
  if (attributes > limits.attributes) return 'attributes';
  return created > limits.created ? 'created' : undefined;
}

/** Settings that hold the limits. */
const settingOf: Record<Excess, string> = {
  created: 'guard.created',
  changed: 'guard.changed',
  changedBytes: 'guard.bytes',
  deleted: 'guard.deleted',
  deletedBytes: 'guard.deletedBytes',
  attributes: 'guard.attributes',
};

/** The exceeded limit in words: what it counts, how much of it there is, how much is allowed, and which setting says so. */
export function describeExcess(excess: Excess, limits: Limits, counts: Counts): string {
  const [kind, unit] = {
    created: ['new files', ''],
    changed: ['changed files', ''],
    changedBytes: ['size of the changed files', ' bytes'],
    deleted: ['deleted files', ''],
    deletedBytes: ['size of the deleted files', ' bytes'],
    attributes: ['files with another owner, other rights or attributes', ''],
  }[excess] as [string, string];
  return `${kind}: ${Math.floor(counts[excess] ?? 0)}${unit}, ${settingOf[excess]} allows ${Math.floor(limits[excess])}`;
}
