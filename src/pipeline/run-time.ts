import { stepFor, tolerance } from '../history/measured-time.ts';
import type { Seal } from '../records/drive-record.ts';
import { describeSpan } from '../text/wording.ts';
import type { Job, RunTime } from './job.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';

/** Reads the clocks for a run on an opened disk, and warns if they are wrong. */
export async function settleTime(
  { config: { history }, record }: Job,
  seal: Seal,
  machine: Machine,
  story: Story,
  signal: AbortSignal,
): Promise<RunTime> {
  const step = stepFor(history.keep);
  const { mark, newJumpMs } = await machine.continueTime(step, signal);
  if (newJumpMs !== 0) story.tell('run:warned', { about: 'clock-jump', ...clockJumped(newJumpMs) });
  const { number = 0 } = await machine.historyPosition();
  const passed = mark.measured.getTime() - Date.parse(record.measured ?? '');
  const disk =
    seal.measured === undefined
      ? mark.measured
      : new Date(Date.parse(seal.measured) + (Number.isNaN(passed) ? 0 : Math.max(0, passed)));
  return {
    measured: disk,
    station: mark.measured,
    jumpMs: mark.jumpMs,
    isDoubtful: mark.jumpMs !== 0,
    position: number,
  };
}

/** Words for a clock that jumped by this many milliseconds, and is not trusted. */
export const clockJumped = (ms: number): { readonly reason: string; readonly todo: string } => ({
  reason:
    `The clock of this machine jumped ${ms > 0 ? 'ahead' : 'back'} by ${describeSpan(Math.abs(ms))}, and nothing ` +
    'confirms the new time. This run is dated by the clock, but no history is removed because of the jump.',
  todo: 'Set the clock and synchronise it: timedatectl ; see also: extbackup doctor',
});

/**
 * The time for LABEL: the clock's, but not earlier than the present one just because the clock is behind, by a jump or
 * by less than a day, as after a power cut on a board without a hardware clock. If the present time was wrong by more,
 * LABEL goes back.
 */
export function timeOfStamp(now: Date, lastSuccess: string | null, time: Pick<RunTime, 'jumpMs'>): Date {
  const before = lastSuccess === null ? 0 : Date.parse(lastSuccess);
  const behindMs = before - now.getTime();
  if (behindMs <= 0) return now;
  if (time.jumpMs < 0) return new Date(Math.max(before, now.getTime() - time.jumpMs));
  return behindMs < tolerance ? new Date(before) : now;
}
