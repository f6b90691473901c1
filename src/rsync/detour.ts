import type { StartProgram } from '../system/command.ts';
import { backupDirectory, type PullTarget } from './arguments.ts';
import { tooLongForHistory } from './long-paths.ts';
import type { Detour, PullOrder } from './order.ts';
import { fileIo, withDiagnostics } from './verdict.ts';

/** Options to avoid files that make rsync fail on a healthy disk. */
export async function detourFor(
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
