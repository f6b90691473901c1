import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { z } from 'zod';
import { readJson } from '../system/read-json.ts';
import { advanceTime, type ClockReading, type TimeAdvance, type TimeMark } from '../history/measured-time.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
import { isThere } from '../system/is-there.ts';
import { pause } from '../system/pause.ts';

const time = z.iso.datetime().transform((text) => new Date(text));
const schema = z.object({
  version: z.literal(1),
  measured: time,
  claimed: time,
  bootId: z.string(),
  uptimeMs: z.number().nonnegative(),
  jumpMs: z.number(),
  jumpedAt: time,
});

/** undefined when there is none, or it cannot be read: measured time begins anew with the clock. */
export const readTimeMark = (file: string): Promise<TimeMark | undefined> => readJson(schema, file);

/**
 * Looks at the clocks, goes on with the station's measured time, and remembers it. What cannot be written down, on a
 * full disk for example, is measured again at the next look.
 */
export async function lookAtTime(file: string, reading: ClockReading, stepMs: number): Promise<TimeAdvance> {
  const advance = advanceTime(await readTimeMark(file), reading, stepMs);
  await writeAtomically(file, `${JSON.stringify({ version: 1, ...advance.mark })}\n`, true).catch(() => undefined);
  return advance;
}

/** Reads the machine's clocks. @param service what keeps the clock right, where that was just asked */
export async function readClocks(start: StartProgram, service?: ClockService): Promise<ClockReading> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const { isSynchronised } = service ?? (await askClockService(start));
  return { now: new Date(), bootId, uptimeMs: uptime() * 1000, isSynchronised };
}

/** What keeps the clock right. Each is undefined when nothing on the machine says so. */
export interface ClockService {
  readonly isSynchronised?: boolean | undefined;
  /** Whether something is to keep the clock right. */
  readonly isKept?: boolean | undefined;
}

/**
 * Asks as systemd-timesyncd(8) and timedatectl(1) say; the latter asks the kernel, so it knows of chrony, too. It starts
 * a service of its own to answer, which takes seconds on a slow machine: ask once for both.
 */
export async function askClockService(start: StartProgram): Promise<ClockService> {
  if (await isThere('/run/systemd/timesync/synchronized')) return { isSynchronised: true, isKept: true };
  try {
    const args = ['show', '--property=NTP', '--property=NTPSynchronized'];
    const { stdout } = await start({ file: '/usr/bin/timedatectl', args, timeoutMs: 5_000 });
    const is = (property: string): boolean | undefined => {
      const [, value] = new RegExp(`^${property}=(yes|no)$`, 'm').exec(stdout) ?? [];
      return value === undefined ? undefined : value === 'yes';
    };
    return { isSynchronised: is('NTPSynchronized'), isKept: is('NTP') };
  } catch {
    return {};
  }
}

/** So long after its start, a machine may still be about to set its clock; in seconds. */
const settlesWithin = 300;
const [lookEveryMs, longestWaitMs] = [2_000, 60_000];

/**
 * Waits for the clock of a machine that has just started, where something is to set it: a board without a clock of its own
 * begins in the past. Never for longer than a minute, because there may be no network.
 * @returns the last answer; undefined when nothing was asked
 */
export async function awaitClock(
  start: StartProgram,
  signal: AbortSignal,
  { seconds = uptime, wait = pause }: { readonly seconds?: () => number; readonly wait?: typeof pause } = {},
): Promise<ClockService | undefined> {
  let service: ClockService | undefined;
  for (let waited = 0; waited < longestWaitMs && seconds() < settlesWithin && !signal.aborted; waited += lookEveryMs) {
    service = await askClockService(start);
    if (service.isSynchronised !== false || service.isKept !== true) break;
    await wait(lookEveryMs, signal);
  }
  return service;
}
