import type { StartProgram } from '../system/command.ts';
import { backupDirectory, type PullTarget } from './arguments.ts';
import { mayBeRefused } from './compression.ts';
import { tooLongForHistory } from './long-paths.ts';
import type { Detour, PullOrder } from './order.ts';
import type { Pace } from './pace.ts';
import type { PullLimit } from './pull-limits.ts';
import { fileIo, withDiagnostics, type PullTrouble } from './verdict.ts';

/** The end of an rsync, as far as the next one depends on it. */
interface Left {
  readonly trouble: PullTrouble | undefined;
  readonly exitCode: number | undefined;
  readonly isStalled: boolean;
  readonly limit: PullLimit | undefined;
  /** Names that it got from the server; undefined without statistics. */
  readonly listed: number | undefined;
  readonly pace: Pace;
  /** Directories in the place of a new file. */
  readonly waiting: number;
}

/** Troubles of an rsync whose server cannot compress. */
const ofServer: readonly PullTrouble[] = ['network', 'stalled', 'failed', 'refused', 'no-rsync'];

/** How another rsync, started at once, can do what this one did not; undefined if it cannot. */
export async function nextWay(
  start: StartProgram,
  order: PullOrder,
  target: PullTarget,
  { trouble, limit, pace, ...ended }: Left,
  signal: AbortSignal,
): Promise<Detour | undefined> {
  if (trouble === undefined) return undefined;
  if (limit === 'pace') {
    if (pace.now() === pace.kibPerSecond) return { ...order.detour, compress: 'yes' };
    order.onPace?.(pace.now());
    return order.detour ?? {};
  }
  if (isStuckInLinks(order, target, trouble, ended.waiting)) return { ...order.detour, wholeList: true };
  if (target.isCompressed === true && limit === undefined && ofServer.includes(trouble)) {
    const link = (await target.linkState?.()) ?? 'unknown';
    if (mayBeRefused({ ...ended, link })) return { ...order.detour, compress: 'no' };
  }
  return trouble === 'failed' ? detourFor(start, order, ended.exitCode, target, signal) : undefined;
}

/**
 * If a directory that must stay for now has the place of a file with several hard links, rsync waits forever for that
 * file, or fails, unless it has the whole list.
 */
const isStuckInLinks = (order: PullOrder, target: PullTarget, trouble: PullTrouble, waiting: number): boolean =>
  (trouble === 'stalled' || trouble === 'failed') &&
  waiting > 0 &&
  order.detour?.wholeList !== true &&
  order.survey !== true &&
  target.named === undefined;

/** Options to avoid files that make rsync fail on a healthy disk. */
async function detourFor(
  start: StartProgram,
  order: PullOrder,
  exitCode: number | undefined,
  target: PullTarget,
  signal: AbortSignal,
): Promise<Detour | undefined> {
  if (signal.aborted || order.survey === true || target.named) return undefined;
  if (exitCode === withDiagnostics && order.detour?.wholeList !== true) return { ...order.detour, wholeList: true };
  if (exitCode !== fileIo || order.history === undefined || order.detour?.leaveOut !== undefined) return undefined;
  const directory = backupDirectory(order.source, order.history);
  const leaveOut = await tooLongForHistory(start, target.mirror, directory, signal).catch(() => undefined);
  return leaveOut && { ...order.detour, leaveOut };
}
