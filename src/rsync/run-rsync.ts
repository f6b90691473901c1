import { countErrors, measureDisk, type DiskState, type Shortage } from '../disk/disk-state.ts';
import { meterRoom, type RoomMeter } from '../disk/room.ts';
import { newMark } from '../history/change.ts';
import { withDeadline } from '../system/deadline.ts';
import { CommandError, type Command, type CommandResult, type StartProgram } from '../system/command.ts';
import { copyArgs, deleteArgs, deleteNamedArgs, recheckArgs, surveyArgs, type PullTarget } from './arguments.ts';
import { nextWay } from './detour.ts';
import { gapsIn } from './gaps.ts';
import { createHearing, type Hearing } from './hearing.ts';
import type { PullOrder, RsyncOutcome } from './order.ts';
import {
  hasStats,
  onlyWaitsForDeletion,
  parseListed,
  parseRegularFiles,
  parseSkippedDeletions,
  parseStats,
} from './output.ts';
import { paceOf } from './pace.ts';
import { createProgressAsker } from './progress-asker.ts';
import { createPullProgress, type PullProgress } from './progress.ts';
import { createPullLimits, type PullLimit, type PullLimits } from './pull-limits.ts';
import { createStallTimer, type StallTimer } from './stall-timer.ts';
import { verdictOf, withDiagnostics, type PullTrouble } from './verdict.ts';
import { joinSignals } from '../system/joined-signal.ts';

/** Runs one rsync and returns its outcome; never throws for an rsync that was started. */
export async function runRsync(
  start: StartProgram,
  order: PullOrder,
  plainTarget: PullTarget,
  signal: AbortSignal,
): Promise<RsyncOutcome> {
  const mark = plainTarget.mark ?? (order.onChange === undefined ? undefined : newMark());
  const pace = paceOf(order);
  const target: PullTarget = {
    ...plainTarget,
    kibPerSecond: pace.kibPerSecond,
    ...(mark !== undefined && { mark }),
    ...(order.history && { history: order.history }),
    ...(order.detour && { detour: order.detour }),
    ...(order.undated && order.recheck === undefined && { leftOut: order.undated.rules }),
  };
  const progress = createPullProgress({
    isFirst: target.isEmpty === true,
    onProgress: (told) => {
      order.onProgress(told);
    },
  });
  const limits = createPullLimits(order.config.pull.longest, [pace.hasChanged, target.isBetterCompressed]);
  const heard = createHearing(order, mark, progress, limits);
  const stall = createStallTimer(order.config.pull.stallTimeout, (all) => target.meter?.see(all) ?? Promise.resolve());
  const errorsBefore = await countErrors(target.mirror);
  const room = meterRoom(target.mirror);
  const ending = await capture(start, commandFor(order, target, { heard, stall, limits, progress, signal }));
  const ended = {
    ...ending,
    isStalled: stall.signal.aborted,
    limit: limits.reached(),
    errorsBefore,
    usedUp: await endMeter(room),
  };
  heard.end();
  const outcome = await outcomeOf(order, target, ended, heard, signal);
  const listed = parseListed(heard.statistics());
  const detour = signal.aborted
    ? undefined
    : await nextWay(
        start,
        order,
        target,
        { ...ended, trouble: outcome.trouble, pace, listed, waiting: heard.complaints.waiting },
        signal,
      );
  // Deleting a file in the place of a new one needs the server's list, which has both.
  const all = heard.complaints.waiting > 0 ? undefined : heard.doomed.result(outcome.skippedDeletions);
  return {
    ...outcome,
    changed: heard.hasChanged() || (mark === undefined && outcome.figures.filesTransferred > 0),
    ...(all && { doomed: all }),
    ...(detour && { again: detour }),
  };
}

interface Parts {
  readonly heard: Hearing;
  readonly stall: StallTimer;
  readonly limits: PullLimits;
  readonly progress: PullProgress;
  readonly signal: AbortSignal;
}

/** The command, and the work after its end. */
function commandFor(
  order: PullOrder,
  target: PullTarget,
  { heard, stall, limits, progress, signal }: Parts,
): { command: Command; atEnd: () => void } {
  // without a mark, the answer could contain a file name
  const isAsked = target.isAsked === true && target.mark !== undefined;
  const asker = isAsked ? createProgressAsker((bytes) => progress.written(bytes)) : undefined;
  const joined = joinSignals([signal, stall.signal, limits.signal]);
  return {
    command: {
      file: '/usr/bin/rsync', // below every other load of the station, as the whole unit is
      args: argsFor(order, target),
      ...(order.history && { stdoutFile: order.history.log }),
      timeoutMs: order.config.pull.longest + 60_000, // it is ended by the limits before
      accept: [23, 24, 25],
      signal: joined.signal,
      ownGroup: true, // rsync starts ssh and a second rsync
      onStart: (pid) => {
        stall.begin(pid);
        limits.begin();
        asker?.begin(pid);
      },
      onStdout: (chunk) => {
        stall.moved();
        heard.onStdout(chunk);
      },
      onStderr: (chunk) => {
        heard.onStderr(chunk);
      },
    },
    atEnd: () => {
      stall.stop();
      limits.stop();
      asker?.stop();
      joined.end();
    },
  };
}

function argsFor(order: PullOrder, target: PullTarget): string[] {
  if (order.survey === true) return surveyArgs(order.config, order.source, target);
  if (order.recheck) return recheckArgs(order.config, order.source, target, order.recheck);
  if (target.named) return deleteNamedArgs(order.source, target, order.deleteLimit ?? 0, target.named);
  return order.deleteLimit === undefined
    ? copyArgs(order.config, order.source, target)
    : deleteArgs(order.config, order.source, target, order.deleteLimit);
}

type Ending = Pick<CommandResult, 'stderr'> & { readonly exitCode: number | undefined; readonly stillRuns?: boolean };

async function capture(
  start: StartProgram,
  { command, atEnd }: { readonly command: Command; readonly atEnd: () => void },
): Promise<Ending> {
  try {
    return await start(command);
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  } finally {
    atEnd();
  }
}

/** A hanging disk must not block the run. */
const endMeter = (room: RoomMeter): Promise<Shortage | undefined> =>
  withDeadline(room.end(), 10_000, () => new Error('the disk does not answer')).catch(() => undefined);

type MeasuredEnding = Ending & {
  readonly isStalled: boolean;
  readonly limit: PullLimit | undefined;
  readonly errorsBefore: number;
  readonly usedUp: Shortage | undefined;
};

async function outcomeOf(
  order: PullOrder,
  target: PullTarget,
  ended: MeasuredEnding,
  heard: Hearing,
  signal: AbortSignal,
): Promise<Omit<RsyncOutcome, 'changed'>> {
  const statistics = heard.statistics();
  const { exitCode } = ended;
  const skippedDeletions = parseSkippedDeletions(ended.stderr, exitCode);
  const outcome = {
    ...withUndated(order, statistics),
    skippedDeletions,
    vanished: exitCode === 23 || exitCode === 24 ? heard.complaints.vanished : 0,
    log: ended.stderr,
  };
  const complete =
    exitCode === 0 ||
    exitCode === 24 ||
    exitCode === 25 ||
    (exitCode === 23 && onlyWaitsForDeletion(heard.complaints, skippedDeletions));
  // Standard output is a file on the disk. On a full disk, lines are lost, and rsync may not notice.
  const isLost = complete && order.history !== undefined && !hasStats(statistics);
  const leftOut = order.detour?.leaveOut?.length ?? 0;
  if (complete && !isLost)
    return leftOut === 0 ? outcome : { ...outcome, trouble: 'gaps', gaps: gapsIn(heard.said, leftOut) };
  const isOurEnd = signal.aborted || ended.stillRuns === true || ended.isStalled || ended.limit !== undefined;
  const isMeasured = !isOurEnd && order.survey !== true;
  const disk = isMeasured ? { ...(await measureDisk(target.mirror)), usedUp: ended.usedUp } : undefined;
  const trouble = await judge(target, { ...ended, ...(isLost && { exitCode: withDiagnostics }) }, disk, heard);
  const shortage = trouble === 'disk-full' ? (disk?.shortage ?? disk?.usedUp) : undefined;
  return {
    ...outcome,
    trouble,
    ...(shortage && { shortage }),
    ...(trouble === 'gaps' && { gaps: gapsIn(heard.said, leftOut) }),
  };
}

/** Adds files that were excluded for their date: they were compared before, and are a part of the source. */
function withUndated({ undated, recheck }: PullOrder, statistics: string): Pick<RsyncOutcome, 'figures' | 'entries'> {
  const [figures, entries] = [parseStats(statistics), parseRegularFiles(statistics)];
  if (undated === undefined || recheck !== undefined || parseListed(statistics) === undefined)
    return { figures, entries };
  const { files, bytes } = undated;
  return {
    figures: { ...figures, filesTotal: figures.filesTotal + files, bytesTotal: figures.bytesTotal + bytes },
    entries: entries + files,
  };
}

async function judge(
  target: PullTarget,
  ended: MeasuredEnding,
  disk: (DiskState & Pick<MeasuredEnding, 'usedUp'>) | undefined,
  heard: Hearing,
): Promise<PullTrouble> {
  const listed = target.named ? undefined : parseListed(heard.statistics());
  return verdictOf({
    exitCode: ended.exitCode,
    stillRuns: ended.stillRuns === true,
    stalled: ended.isStalled,
    limit: ended.limit,
    link: (await target.linkState?.()) ?? 'unknown',
    disk,
    errorsGrew: disk !== undefined && disk.errors > ended.errorsBefore,
    ...(listed !== undefined && { listed }),
    said: heard.said,
  });
}
