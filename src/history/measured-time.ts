/**
 * Measured time: what ages are measured by, because every clock can be wrong and anybody can forge the network's. It
 * goes on with the machine's uptime, which is a measurement. Over a time when the machine was off, it believes the clock
 * only for a limited step. So it may fall behind the clock, which keeps history for longer, and never runs ahead.
 */

/** A look at the machine's clocks. */
export interface ClockReading {
  /** What the clock claims. */
  readonly now: Date;
  /** Of the kernel: another one after each start of the machine. */
  readonly bootId: string;
  /** Since that start, with sleep; in milliseconds. */
  readonly uptimeMs: number;
  /** Whether the clock is synchronised with others; undefined when nothing on the machine says so. */
  readonly isSynchronised?: boolean | undefined;
}

/** What is remembered of the last look. */
export interface TimeMark {
  readonly measured: Date;
  readonly claimed: Date;
  readonly bootId: string;
  readonly uptimeMs: number;
  /**
   * How far the clock has jumped without anything that showed it to be right, in milliseconds: positive when it is
   * ahead, 0 when it is believed.
   */
  readonly jumpMs: number;
  /** Measured time at which it jumped last. */
  readonly jumpedAt: Date;
}

/** What a look found. */
export interface TimeAdvance {
  readonly mark: TimeMark;
  /** How far the clock jumped since the last look, if it is not believed; otherwise 0. */
  readonly newJumpMs: number;
}

const day = 86_400_000;

/** For which a clock is believed after a time that nothing measured, at most. */
export const longestStep = 7 * day;

/** Clocks are corrected by less all the time. */
const tolerance = day;

/** A clock that went on so long as measured time did is believed, as far as names and LABEL go. */
const provenAfter = 7 * day;

/** A machine may rest for so long; a clock that is synchronised is believed then, as far as names and LABEL go. */
const longestRest = 400 * day;

/**
 * How far a clock is believed for a time that nothing measured: so little that one jump makes nothing old.
 * @param keep the settings' ages, in milliseconds
 */
export const stepFor = (keep: { readonly age: number; readonly atLeast: number }): number =>
  Math.min(longestStep, ...[keep.age, keep.atLeast].filter((age) => age > 0).map((age) => age / 2));

/**
 * Goes on with measured time.
 * @param before undefined at the first look: it begins with what the clock says
 * @param stepMs see {@link stepFor}
 */
export function advanceTime(before: TimeMark | undefined, reading: ClockReading, stepMs: number): TimeAdvance {
  const { now, bootId, uptimeMs } = reading;
  if (before === undefined)
    return { mark: { measured: now, claimed: now, bootId, uptimeMs, jumpMs: 0, jumpedAt: now }, newJumpMs: 0 };
  const claimed = now.getTime() - before.claimed.getTime();
  const isSameBoot = bootId === before.bootId && uptimeMs >= before.uptimeMs;
  // After a start of the machine, at least its uptime has passed.
  const passed = isSameBoot
    ? uptimeMs - before.uptimeMs
    : Math.max(uptimeMs, Math.min(Math.max(0, claimed), longestStep, stepMs));
  const measured = new Date(before.measured.getTime() + passed);
  const most = passed + (isSameBoot ? tolerance : longestStep);
  const step = claimed > most || claimed < passed - tolerance ? claimed - passed : 0;
  const jump = before.jumpMs + step;
  const jumpedAt = step === 0 ? before.jumpedAt : measured;
  const isBelieved =
    Math.abs(jump) < tolerance ||
    (reading.isSynchronised === true && jump <= longestRest) ||
    measured.getTime() - jumpedAt.getTime() >= provenAfter;
  const jumpMs = isBelieved ? 0 : jump;
  return { mark: { measured, claimed: now, bootId, uptimeMs, jumpMs, jumpedAt }, newJumpMs: isBelieved ? 0 : step };
}
