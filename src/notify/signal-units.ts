import { rm } from 'node:fs/promises';
import * as z from 'zod';
import type { SignalChannel } from '../config/signal-schema.ts';
import { readIfThere } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
import { parseJson } from '../system/parse-json.ts';
import { pause } from '../system/pause.ts';
import { files, type Paths } from '../system/paths.ts';
import { activeUnits, startUnit, startUnitSoon, stopUnits } from '../system/units.ts';
import { signalTestSchema, type SignalTest } from './play-signal.ts';
import type { PatternName } from './signal-patterns.ts';
import { realDevices, setStage, type SignalDevices } from './signal-stage.ts';

/** The units of all patterns: one at a time is active. */
export const allSignals = 'extbackup-signal@*.service';
const unitOf = (what: PatternName | 'test'): string => `extbackup-signal@${what}.service`;

const testMs = 120_000; // Node.js starts twice, for the test and to put the lights back
const noticedMs = 15_000;
const shownMs = 6_000;

/** Ends the present pattern; each light is as before then. */
export const endSignal = (start: StartProgram): Promise<void> => stopUnits(start, allSignals);

/** Shows a pattern in place of the present one. Waits only for `noticed`, which is short. */
export async function showSignal(
  start: StartProgram,
  paths: Pick<Paths, 'run'>,
  pattern: PatternName,
  settings: Pick<SignalChannel, 'lights' | 'sound'>,
): Promise<void> {
  await endSignal(start);
  const { lights, speaker, alsa } = await setStage(paths, settings);
  if (lights.length === 0 && !speaker && !alsa) return;
  if (pattern === 'noticed') await startUnit(start, unitOf(pattern), noticedMs);
  else await startUnitSoon(start, unitOf(pattern));
}

/** Tries each light and sound by the unit; the pattern that was shown before goes on afterwards. */
export async function testSignals(
  start: StartProgram,
  paths: Pick<Paths, 'run'>,
  settings: Pick<SignalChannel, 'lights' | 'sound'>,
  devices: SignalDevices = realDevices,
): Promise<SignalTest> {
  return inPlaceOfPresent(start, async () => {
    const { lights, speaker, alsa } = await setStage(paths, settings, devices);
    if (lights.length === 0 && !speaker && !alsa) return { lights: [], sounds: [] };
    await rm(files.signalAnswer(paths), { force: true }); // of an earlier test
    const ended = await startUnit(start, unitOf('test'), testMs);
    const answer = parseJson(signalTestSchema, await readIfThere(files.signalAnswer(paths)));
    if (ended === 'done' && answer) return answer;
    const failed = { works: false, said: 'extbackup-signal@.service failed; see: journalctl -u "extbackup-signal@*"' };
    return {
      lights: lights.map((name) => ({ name, ...failed })),
      sounds: z
        .array(z.enum(['speaker', 'alsa']))
        .parse([...(speaker ? ['speaker'] : []), ...(alsa ? ['alsa'] : [])])
        .map((name) => ({ name, ...failed })),
    };
  });
}

/** Shows one pattern for some seconds. */
export async function demonstrate(
  start: StartProgram,
  paths: Pick<Paths, 'run'>,
  pattern: PatternName,
  settings: Pick<SignalChannel, 'lights' | 'sound'>,
): Promise<void> {
  await inPlaceOfPresent(start, async () => {
    await showSignal(start, paths, pattern, settings);
    await pause(shownMs, new AbortController().signal);
    await endSignal(start);
  });
}

async function inPlaceOfPresent<T>(start: StartProgram, task: () => Promise<T>): Promise<T> {
  const present = await activeUnits(start, allSignals);
  await endSignal(start);
  try {
    return await task();
  } finally {
    for (const unit of present) await startUnitSoon(start, unit);
  }
}
