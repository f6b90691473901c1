import { access, readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { z } from 'zod';
import { readJson } from '../system/read-json.ts';
import { advanceTime, type ClockReading, type TimeAdvance, type TimeMark } from '../history/measured-time.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
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

/** Reads the machine's clocks. */
export async function readClocks(start: StartProgram): Promise<ClockReading> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return { now: new Date(), bootId, uptimeMs: uptime() * 1000, isSynchronised: await isSynchronised(start) };
}

/**
 * Whether the clock is synchronised, as systemd-timesyncd(8) and timedatectl(1) say; the latter asks the kernel, so it
 * knows of chrony, too.
 * @returns undefined when nothing on the machine says so
 */
export async function isSynchronised(start: StartProgram): Promise<boolean | undefined> {
  try {
    await access('/run/systemd/timesync/synchronized');
    return true;
  } catch {
    // another service may keep the clock
  }
  return ask(start, 'NTPSynchronized');
}

/** Whether something on the machine is to keep the clock right; undefined when nothing says so. */
export const isKept = (start: StartProgram): Promise<boolean | undefined> => ask(start, 'NTP');

async function ask(start: StartProgram, property: 'NTP' | 'NTPSynchronized'): Promise<boolean | undefined> {
  try {
    const { stdout } = await start({
      file: '/usr/bin/timedatectl',
      args: ['show', `--property=${property}`, '--value'],
      timeoutMs: 5_000,
    });
    return stdout.trim() === 'yes';
  } catch {
    return undefined;
  }
}

/** So long after its start, a machine may still be about to set its clock; in seconds. */
const settlesWithin = 300;
const [lookEveryMs, longestWaitMs] = [2_000, 60_000];

/**
 * Waits for the clock of a machine that has just started, where something is to set it: a board without a clock of its own
 * begins in the past. Never for longer than a minute, because there may be no network.
 */
export async function awaitClock(
  start: StartProgram,
  signal: AbortSignal,
  { seconds = uptime, wait = pause }: { readonly seconds?: () => number; readonly wait?: typeof pause } = {},
): Promise<void> {
  for (let waited = 0; waited < longestWaitMs && seconds() < settlesWithin && !signal.aborted; waited += lookEveryMs) {
    if ((await isSynchronised(start)) !== false || (await isKept(start)) !== true) return;
    await wait(lookEveryMs, signal);
  }
}
