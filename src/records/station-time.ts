import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import * as z from 'zod';
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

/** undefined if it is missing or unreadable: then measured time starts again with the clock. */
export const readTimeMark = (file: string): Promise<TimeMark | undefined> => readJson(schema, file);

/**
 * Reads the clocks, continues the station's measured time, and stores it. If it cannot be stored, on a
 * full disk for example, the same time is measured again at the next reading.
 */
export async function continueTime(file: string, reading: ClockReading, stepMs: number): Promise<TimeAdvance> {
  const advance = advanceTime(await readTimeMark(file), reading, stepMs);
  await writeAtomically(file, `${JSON.stringify({ version: 1, ...advance.mark })}\n`, true).catch(() => undefined);
  return advance;
}

/** Reads the machine's clocks. @param service the state of the time service, if it is known */
export async function readClocks(start: StartProgram, service?: ClockService): Promise<ClockReading> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const { isSynchronised } = service ?? (await recentClockService(start));
  return { now: new Date(), bootId, uptimeMs: uptime() * 1000, isSynchronised };
}

/** The state of the time service. Each field is undefined if unknown. */
export interface ClockService {
  readonly isSynchronised?: boolean | undefined;
  /** Whether a time service is enabled. */
  readonly isKept?: boolean | undefined;
}

/**
 * Asks systemd-timesyncd(8) and timedatectl(1); the latter asks the kernel, so it covers chrony, too. It starts
 * a service for the answer, which takes seconds on a slow machine: ask once for both.
 */
export function askClockService(start: StartProgram): Promise<ClockService> {
  const answer = ask(start);
  recent.set(start, { at: performance.now(), answer });
  return answer;
}

/** The same, with an answer of the last half minute if there is one: at the begin of a run, several parts ask. */
export async function recentClockService(start: StartProgram): Promise<ClockService> {
  const { at, answer } = recent.get(start) ?? {};
  const known = at !== undefined && performance.now() - at < recentMs ? await answer : undefined;
  return known?.isSynchronised === undefined ? askClockService(start) : known;
}

const recent = new WeakMap<StartProgram, { readonly at: number; readonly answer: Promise<ClockService> }>();
const recentMs = 30_000;

async function ask(start: StartProgram): Promise<ClockService> {
  if (await isThere('/run/systemd/timesync/synchronized')) return { isSynchronised: true, isKept: true };
  try {
    const args = ['show', '--property=NTP', '--property=NTPSynchronized'];
    const { stdout } = await start({ file: '/usr/bin/timedatectl', args, timeoutMs: 20_000 });
    const is = (property: string): boolean | undefined => {
      const [, value] = new RegExp(`^${property}=(yes|no)$`, 'm').exec(stdout) ?? [];
      return value === undefined ? undefined : value === 'yes';
    };
    return { isSynchronised: is('NTPSynchronized'), isKept: is('NTP') };
  } catch {
    return {};
  }
}

/** A machine may set its clock during this time after its start; in seconds. */
const settlesWithin = 300;
const [lookEveryMs, longestWaitMs] = [2_000, 60_000];

/**
 * Waits for the clock of a machine that has just started, if a time service is enabled: a board without its own clock
 * begins in the past. At most a minute, because there may be no network.
 * @returns the last answer; undefined if there was no question
 */
export async function awaitClock(
  start: StartProgram,
  signal: AbortSignal,
  { seconds = uptime, wait = pause }: { readonly seconds?: () => number; readonly wait?: typeof pause } = {},
): Promise<ClockService | undefined> {
  let service: ClockService | undefined;
  for (let waited = 0; waited < longestWaitMs && seconds() < settlesWithin && !signal.aborted; waited += lookEveryMs) {
    service = await (waited === 0 ? recentClockService(start) : askClockService(start));
    if (service.isSynchronised !== false || service.isKept !== true) break;
    await wait(lookEveryMs, signal);
  }
  return service;
}
