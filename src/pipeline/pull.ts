import type { PullFigures } from '../bus/events.ts';
import { sourceOf, type PullSource } from '../config/sources.ts';
import { PullError } from '../errors.ts';
import { createGuard, type Guard } from '../guard/guard.ts';
import { pullError } from '../rsync/failure.ts';
import { serverName } from '../rsync/arguments.ts';
import { attest } from './attest.ts';
import { baseOfGuard, weigh } from './guard-base.ts';
import type { Job, PullResult } from './job.ts';
import { ownFigures } from './own-figures.ts';
import { checkContent } from './content-alarm.ts';
import { holdRun } from './hold-run.ts';
import { createRoomMaker, type RoomMaker } from './room.ts';
import type { Machine } from './machine.ts';
import type { Detour, PullOrder } from '../rsync/order.ts';
import { describeGaps, type GapCounts } from '../rsync/gaps.ts';
import type { RsyncOutcome } from '../rsync/order.ts';
import type { Story } from './story.ts';
import { requirePaths } from './require-paths.ts';
import { emptySource } from '../rsync/failure.ts';
import { createTries, type Tries } from './tries.ts';
import { throwIfCancelled } from '../system/undo.ts';

/** What rsync complained of in the last run. */
export const logFile = '.extbackup/last-run.log';

/**
 * Makes the mirror equal to the source: first copies everything and deletes nothing, then deletes what the source no
 * longer has, as the first phase named it. What is replaced or deleted goes to the disk's history. A source without
 * a single file deletes nothing, and one that changed suspiciously much stops the run. A connection that breaks while
 * it deletes leads back to the copying, which counts anew what is to be deleted: the server may come back with less
 * than it had.
 * @param source the only one when left out
 * @throws PullError
 * @throws HeldError when an operator has to be asked
 */
export async function pull(
  job: Job,
  machine: Machine,
  story: Story,
  signal: AbortSignal,
  source: PullSource = sourceOf(job.config),
): Promise<PullResult> {
  const { config, record } = job;
  const tries = createTries(config.pull.retries, story, signal);
  story.enter('pulling');
  await requirePaths(job, source, machine, tries, signal);
  await attest(job, source, machine, tries, signal);
  const base = await baseOfGuard(job, source, machine, signal);
  const roomBefore = await machine.readRoom();
  const watch = createGuard(source.guard, { ...record, ...base }, signal);
  const order: PullOrder = {
    config,
    source,
    ...(record.filesTotal > 0 && { lastTime: record }),
    onProgress: (progress) => {
      tries.see(progress);
      story.tell('sync:progress', progress);
    },
    onChange: (change) => {
      watch.see(change);
    },
  };
  story.tell('sync:started', {});
  const started = performance.now();
  const room = createRoomMaker({ job, machine, story, watch, order });
  const rounds: Round[] = [];
  do
    rounds.push(
      await round(
        job,
        machine,
        story,
        { watch, order, tries, room, suspicious: rounds.some(({ suspicious }) => suspicious) },
        signal,
      ),
    );
  while (rounds.at(-1)?.brokeOff === true);
  const outcomes = rounds.flatMap(({ outcomes: some }) => some);
  const summed = outcomes.map(({ figures }) => figures).reduce(sum);
  // What a broken connection cut off tells no figures, but every deletion was seen.
  const told = {
    ...summed,
    filesDeleted: Math.max(summed.filesDeleted, rounds.length > 1 ? watch.tally.counts.deleted : 0),
  };
  const gaps = outcomes.at(-1)?.trouble === 'gaps';
  const before = record.filesTotal > 0 ? record : base;
  const seen = { before, counts: watch.tally.counts, roomBefore, roomAfter: await machine.readRoom() };
  const figures = gaps ? told : await ownFigures(told, seen, machine, source, signal);
  const vanished = (rounds.at(-1)?.outcomes ?? []).reduce((count, outcome) => count + outcome.vanished, 0);
  // An unfinished file stays behind only where an earlier attempt was cut off; looking for them reads every directory.
  const wasCutOff = rounds.length > 1 || rounds.some(({ attempts }) => attempts > 1) || record.lastError !== null;
  if (!gaps && wasCutOff) await machine.removePartials(source);
  story.tell('sync:finished', {
    ...figures,
    gaps: gaps || vanished > 0,
    tookMs: Math.round(performance.now() - started),
  });
  return { figures, complete: !gaps, vanished, suspicious: rounds.some(({ suspicious }) => suspicious) };
}

/** Copying, and deleting if there is something to delete. */
interface Round {
  /** Of each rsync that got to its end. */
  readonly outcomes: readonly RsyncOutcome[];
  /** How many it took to copy. */
  readonly attempts: number;
  /** What was copied looks wrong. */
  readonly suspicious: boolean;
  /** The connection broke while it deleted, and another round is due. */
  readonly brokeOff?: boolean;
}

interface Course {
  readonly watch: Guard;
  readonly order: PullOrder;
  readonly tries: Tries;
  readonly room: RoomMaker;
  /** An earlier round looked wrong, and the operator was told. */
  readonly suspicious: boolean;
}

async function round(job: Job, machine: Machine, story: Story, course: Course, signal: AbortSignal): Promise<Round> {
  const { watch, order, tries, room } = course;
  const server = serverName(order.source);
  story.enter('pulling');
  const { copied, attempts } = await copy(job, machine, course, signal);
  if (copied.gaps) tellGaps(copied.gaps, story);
  // What did not fit is no use, and would leave no room for the next run's history and log.
  if (copied.trouble === 'disk-full') await machine.removePartials(order.source).catch(() => undefined);
  await keepLog(machine, copied.log);
  if (watch.excess() !== undefined) throw await holdRun(job, machine, watch, order, signal);
  if (copied.trouble !== undefined && copied.trouble !== 'gaps') throw pullError(copied.trouble, server, undefined);
  if (copied.entries === 0) throw emptySource(server);
  const deletes = copied.skippedDeletions > 0 && copied.trouble === undefined;
  if (deletes && copied.doomed !== undefined)
    await weigh(
      watch,
      order.source,
      copied.doomed.names.map(({ path }) => path),
      machine,
      signal,
    );
  if (deletes && watch.wouldExceed({ deleted: copied.skippedDeletions }) !== undefined)
    throw await holdRun(job, machine, watch, order, signal);
  const suspicious =
    course.suspicious || (await checkContent(job, machine, watch, order, copied.skippedDeletions, story));
  if (!deletes) return { outcomes: [copied], attempts, suspicious };
  await room.ensure(signal);
  story.enter('deleting');
  // A directory that is not empty is not counted among the skipped, so the limit leaves room for directories.
  const deleted = await machine.pull(
    {
      ...order,
      ...(await keeping(job, machine, watch)),
      deleteLimit: copied.skippedDeletions * 4 + 1_000,
      ...(copied.doomed && { doomed: copied.doomed }),
    },
    watch.signal,
  );
  await keepLog(machine, copied.log + deleted.log);
  if (watch.excess() !== undefined) throw await holdRun(job, machine, watch, order, signal);
  if ((await room.more(deleted, signal)) || (await tries.again(deleted)))
    return { outcomes: [copied], attempts, suspicious, brokeOff: true };
  if (deleted.trouble !== undefined && deleted.trouble !== 'gaps') throw pullError(deleted.trouble, server, undefined);
  if (deleted.skippedDeletions > 0) throw moreToDelete(server);
  return { outcomes: [copied, deleted], attempts, suspicious };
}

/** Each rsync gets an entry of its own, so that a second one never replaces what the first one kept. */
async function keeping(job: Job, machine: Machine, watch: Guard): Promise<Pick<PullOrder, 'history'>> {
  if (!job.config.history.enabled) return {};
  const history = await machine.newHistory(job.time);
  watch.kept.push(history);
  return { history };
}

/** The copying phase: tries again after a broken connection, and after room was made on a full disk. */
async function copy(
  job: Job,
  machine: Machine,
  { watch, order, tries, room }: Course,
  signal: AbortSignal,
): Promise<{ copied: RsyncOutcome; attempts: number }> {
  let detour: Detour | undefined;
  await room.ensure(signal);
  for (let attempts = 1; ; attempts += 1) {
    const copied = await machine.pull(
      { ...order, ...(detour && { detour }), ...(await keeping(job, machine, watch)) },
      watch.signal,
    );
    throwIfCancelled(signal);
    if (watch.excess() !== undefined) return { copied, attempts };
    detour = copied.again ?? detour;
    if (copied.again) continue;
    if (await room.more(copied, signal)) continue;
    if (!(await tries.again(copied))) return { copied, attempts };
  }
}

function tellGaps(gaps: GapCounts, story: Story): void {
  const reason = describeGaps(gaps);
  if (reason !== undefined)
    story.tell('run:warned', {
      reason,
      todo: 'See which ones in .extbackup/last-run.log on the disk (extbackup mount), and put it right on the server.',
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
    `While the mirror was brought in line, ${server} lost far more files than it had at the start. The rest was not deleted.`,
    'Look at the server; if that is right, run again: extbackup run',
  );
}

/** The totals are those of the last phase that listed the source; what was moved adds up. */
function sum(before: PullFigures, last: PullFigures): PullFigures {
  const { filesTotal, bytesTotal } = last.filesTotal > 0 ? last : before;
  return {
    filesTotal,
    bytesTotal,
    filesDeleted: before.filesDeleted + last.filesDeleted,
    filesTransferred: before.filesTransferred + last.filesTransferred,
    bytesTransferred: before.bytesTransferred + last.bytesTransferred,
    bytesReceived: before.bytesReceived + last.bytesReceived,
  };
}
