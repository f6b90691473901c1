/**
 * Measured time is the base of ages, because every clock can be wrong and network time can be forged. It advances with
 * the machine's uptime, which is a measurement. After a time when the machine was off, it trusts the clock only for a
 * limited step. So it may fall behind the clock, which keeps history longer, but never runs ahead.
 */

/** A reading of the machine's clocks. */
export interface ClockReading {
  /** Time of the clock. */
  readonly now: Date;
  /** The kernel's boot id: a new one after each start of the machine. */
  readonly bootId: string;
  /** Since that start, with sleep; in milliseconds. */
  readonly uptimeMs: number;
  /** Whether the clock is synchronised with a time server; undefined if unknown. */
  readonly isSynchronised?: boolean | undefined;
}

/** The remembered last reading. */
export interface TimeMark {
  readonly measured: Date;
  readonly claimed: Date;
  readonly bootId: string;
  readonly uptimeMs: number;
  /** Unconfirmed jump of the clock in milliseconds: positive when it is ahead, 0 when it is trusted. */
  readonly jumpMs: number;
  /** Measured time of its last jump. */
  readonly jumpedAt: Date;
}

/** The result of a reading. */
export interface TimeAdvance {
  readonly mark: TimeMark;
  /** Jump of an untrusted clock since the last reading; otherwise 0. */
  readonly newJumpMs: number;
}

const day = 86_400_000;

/** Longest step that a clock is trusted for after an unmeasured time. */
export const longestStep = 7 * day;

/** Smaller corrections of a clock are normal. */
export const tolerance = day;

/** A clock that agrees with measured time for this long is trusted for names and LABEL. */
const provenAfter = 7 * day;

/** A machine may be off for this long; then a synchronised clock is trusted for names and LABEL. */
const longestRest = 400 * day;

/**
 * Longest trusted step of the clock after an unmeasured time: so short that one jump cannot expire anything.
 * @param keep the settings' ages, in milliseconds
 */
export const stepFor = (keep: { readonly age: number; readonly atLeast: number }): number =>
  Math.min(longestStep, ...[keep.age, keep.atLeast].filter((age) => age > 0).map((age) => age / 2));

/**
 * Continues measured time. @param before undefined at the first reading: measured time starts with the clock
 * @param stepMs see {@link stepFor}
 */
export function advanceTime(before: TimeMark | undefined, reading: ClockReading, stepMs: number): TimeAdvance {
  const { now, bootId, uptimeMs } = reading;
  if (before === undefined)
    return { mark: { measured: now, claimed: now, bootId, uptimeMs, jumpMs: 0, jumpedAt: now }, newJumpMs: 0 };
  const claimed = now.getTime() - before.claimed.getTime();
  const isSameBoot = bootId === before.bootId && uptimeMs >= before.uptimeMs;
  // since the start of the machine, at least its uptime has passed
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
