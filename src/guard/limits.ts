import type { Config } from '../config/schema.ts';
import type { Counts } from '../bus/events.ts';

/** The base of the limits: the smallest figures of the disk's last complete runs, or those counted on it. */
export interface Before {
  readonly filesTotal: number;
  readonly bytesTotal: number;
}

/** The most changes of a run before it is held. */
export interface Limits {
  readonly created: number;
  readonly deleted: number;
  readonly deletedBytes: number;
  readonly changed: number;
  readonly changedBytes: number;
  readonly attributes: number;
}

/** The quantities that have a limit. */
export type Excess = keyof Limits;

/** Tolerance for changes between the operator's look and the approved run. */
const slack = 1.1;

/** Deleted files of up to 16 MiB in total never exceed a limit by size alone. */
const fewestDeletedBytes = 16 * 1024 * 1024;

/**
 * The limits of a run.
 * @param before undefined for an empty disk, which has no limits @param approved the approved changes @param isFirst
 * there was no complete run yet, so any number of files may be new
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
  // a file may also grow, so 100% of the bytes means no limit
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

/** An approval from before sizes were measured covers deletions of any size. */
const agreedBytes = (approved: Counts | undefined): number | undefined =>
  (approved?.deleted ?? 0) > 0 ? (approved?.deletedBytes ?? Infinity) : approved?.deletedBytes;

/**
 * The exceeded limit, if any. Changed bytes count only together with more files than `floor`; deleted bytes count also
 * for a few large files.
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

/** The exceeded limit in words: quantity, measured amount, allowed amount, and setting. */
export function describeExcess(excess: Excess, limits: Limits, counts: Counts): string {
  const [kind, unit] = {
    created: ['new files', ''],
    changed: ['changed files', ''],
    changedBytes: ['size of the changed files', ' bytes'],
    deleted: ['deleted files', ''],
    deletedBytes: ['size of the deleted files', ' bytes'],
    attributes: ['files and directories with another owner, other rights or attributes', ''],
  }[excess] as [string, string];
  return `${kind}: ${Math.floor(counts[excess] ?? 0)}${unit}, ${settingOf[excess]} allows ${Math.floor(limits[excess])}`;
}
