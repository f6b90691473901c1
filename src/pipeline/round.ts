import { PullError, type ExtbackupError } from '../errors.ts';
import type { Guard } from '../guard/guard.ts';
import { serverAt, serverName } from '../rsync/arguments.ts';
import { emptySource, pullError } from '../rsync/failure.ts';
import { describeGaps, type GapCounts } from '../rsync/gaps.ts';
import type { Detour, PullOrder, RsyncOutcome } from '../rsync/order.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { checkContent } from './content-alarm.ts';
import { fullDisk } from './full-disk.ts';
import { weigh } from './guard-base.ts';
import { holdRun } from './hold-run.ts';
import type { Job } from './job.ts';
import { keeping } from './keeping.ts';
import type { Machine } from './machine.ts';
import type { RoomMaker } from './room.ts';
import type { Story } from './story.ts';
import type { Tries } from './tries.ts';

/** Standard error of the last rsync. */
export const logFile = '.extbackup/last-run.log';

/** The copying phase, and the deleting phase if there is something to delete. */
export interface Round {
  /** Of each rsync that reached its end. */
  readonly outcomes: readonly RsyncOutcome[];
  /** The number of copying phases among them. */
  readonly attempts: number;
  /** The copied files look wrong. */
  readonly suspicious: boolean;
  /** The connection broke in the deleting phase, so another round follows. */
  readonly brokeOff?: boolean;
}

/** The parts that all rounds of a pull share. */
export interface Course {
  readonly guard: Guard;
  readonly order: PullOrder;
  readonly tries: Tries;
  readonly room: RoomMaker;
  /** An earlier round looked wrong, and the operator was warned. */
  readonly suspicious: boolean;
}

/** Copies, and deletes the files that the copying phase named. @throws PullError, HeldError */
export async function round(
  job: Job,
  machine: Machine,
  story: Story,
  course: Course,
  signal: AbortSignal,
): Promise<Round> {
  const { guard, order, tries, room } = course;
  const server = serverName(order.source);
  story.enter('pulling');
  const { copied, attempts } = await copy(job, machine, course, signal);
  if (copied.gaps) tellGaps(copied.gaps, story);
  if (copied.attributesLost === true) tellLost(story);
  // The file that did not fit is of no use, and would take the room of the next run's history and log.
  if (copied.trouble === 'disk-full') await machine.removePartials(order.source).catch(() => undefined);
  await keepLog(machine, copied.log);
  if (guard.excess() !== undefined) throw await holdRun(job, machine, guard, order, signal);
  if (isFailure(copied)) throw await failure(copied, job, machine, serverAt(order.source, copied.at), signal);
  if (copied.entries === 0) throw emptySource(server);
  const deletes = copied.skippedDeletions > 0 && copied.trouble === undefined;
  if (deletes && copied.doomed !== undefined)
    await weigh(
      guard,
      order.source,
      copied.doomed.names.map(({ path }) => path),
      machine,
      signal,
    );
  if (deletes && guard.wouldExceed({ deleted: copied.skippedDeletions }) !== undefined)
    throw await holdRun(job, machine, guard, order, signal);
  const suspicious =
    course.suspicious || (await checkContent(job, machine, guard, order, copied.skippedDeletions, story));
  if (!deletes) return { outcomes: [copied], attempts, suspicious };
  await room.ensure(signal);
  story.enter('deleting');
  // A directory that is not empty is not counted among the skipped, so the limit leaves room for directories.
  const deleted = await machine.pull(
    {
      ...order,
      ...(await keeping(job, machine, guard)),
      deleteLimit: copied.skippedDeletions * 4 + 1_000,
      ...(copied.doomed && { doomed: copied.doomed }),
    },
    guard.signal,
  );
  await keepLog(machine, copied.log + deleted.log);
  if (guard.excess() !== undefined) throw await holdRun(job, machine, guard, order, signal);
  if ((await room.more(deleted, signal)) || (await tries.again(deleted)))
    return { outcomes: [copied], attempts, suspicious, brokeOff: true };
  if (isFailure(deleted)) throw await failure(deleted, job, machine, serverAt(order.source, deleted.at), signal);
  if (deleted.skippedDeletions > 0) throw moreToDelete(server);
  return { outcomes: [copied, deleted], attempts, suspicious };
}

const isFailure = ({ trouble }: RsyncOutcome): boolean => trouble !== undefined && trouble !== 'gaps';

const failure = async (
  { trouble = 'failed', shortage }: RsyncOutcome,
  job: Job,
  machine: Machine,
  server: string,
  signal: AbortSignal,
): Promise<ExtbackupError> =>
  trouble === 'disk-full' ? fullDisk(job, machine, shortage, server, signal) : pullError(trouble, server, undefined);

/** The copying phase: tries again after a broken connection, and after room was made on a full disk. */
async function copy(
  job: Job,
  machine: Machine,
  { guard, order, tries, room }: Course,
  signal: AbortSignal,
): Promise<{ copied: RsyncOutcome; attempts: number }> {
  let detour: Detour | undefined;
  await room.ensure(signal);
  for (let attempts = 1; ; attempts += 1) {
    const copied = await machine.pull(
      {
        ...order,
        ...(attempts > 1 && { mayResume: true }),
        ...(detour && { detour }),
        ...(await keeping(job, machine, guard)),
      },
      guard.signal,
    );
    throwIfCancelled(signal);
    if (guard.excess() !== undefined) return { copied, attempts };
    detour = copied.again ?? detour;
    if (copied.again) continue;
    if (await room.more(copied, signal)) continue;
    if (!(await tries.again(copied))) return { copied, attempts };
  }
}

function tellLost(story: Story): void {
  story.tell('run:warned', {
    about: 'rights',
    reason: 'The owners and rights that files had before this run could not be kept, so no rollback brings them back.',
    todo: 'Install the programs that read them: apt-get install acl attr ; then run again: extbackup run',
  });
}

function tellGaps(gaps: GapCounts, story: Story): void {
  const reason = describeGaps(gaps);
  if (reason !== undefined)
    story.tell('run:warned', {
      about: 'gaps',
      reason,
      todo: 'They are named in .extbackup/last-run.log on the disk (extbackup mount); remove the cause on the server.',
    });
}

async function keepLog(machine: Machine, log: string): Promise<void> {
  try {
    await machine.writeInside(logFile, log);
  } catch {
    // a disk that is full or gone cannot take the log either; the pull's own outcome tells why
  }
}

function moreToDelete(server: string): PullError {
  return new PullError(
    'EXB_CHANGED_MEANWHILE',
    `During the deletions on the disk, far more files disappeared on ${server}. The rest was not deleted.`,
    'Look at the server; if this is right, run again: extbackup run',
  );
}
