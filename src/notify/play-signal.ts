/** What extbackup-signal@.service does: shows one pattern on the stage until it is over or ended. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { messageOf } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { pause } from '../system/pause.ts';
import { beep, playSamples } from './play-tones.ts';
import { patterns, type PatternName, type Tone } from './signal-patterns.ts';
import { readStage, type Stage } from './signal-stage.ts';
import { joinSignals } from '../system/joined-signal.ts';

/** Shows a pattern; lights and sounds that fail do not keep the others from working. Never throws. */
export async function playSignal(
  name: PatternName,
  directory: string,
  start: StartProgram,
  ended: AbortSignal,
): Promise<void> {
  const { sound, again, light, lastsMs } = patterns[name];
  const stage = await readStage(directory);
  const { signal, end } = joinSignals([ended], lastsMs);
  const sounding = async (): Promise<void> => {
    for (let left = sound.length === 0 ? 0 : again.times; left > 0 && !signal.aborted; left -= 1) {
      await Promise.allSettled([
        stage.speaker === undefined ? undefined : beep(stage.speaker, sound, signal),
        stage.aplay === undefined ? undefined : playSamples(start, sound, signal),
      ]);
      if (left > 1) await pause(again.everyMs, signal);
    }
  };
  await Promise.all([sounding(), blink(stage, light, signal)]);
  end();
}

async function blink({ lights }: Stage, light: readonly number[], signal: AbortSignal): Promise<void> {
  if (lights.length === 0) return;
  await Promise.allSettled(lights.map(({ link }) => writeFile(join(link, 'trigger'), 'none')));
  for (let step = 0; !signal.aborted; step = (step + 1) % light.length) {
    await Promise.allSettled(lights.map(({ link }) => setLight(link, step % 2 === 0)));
    await pause(light[step] ?? 1_000, signal);
  }
}

async function setLight(link: string, isOn: boolean): Promise<void> {
  const brightest = isOn ? (await readFile(join(link, 'max_brightness'), 'utf8')).trim() : '0';
  await writeFile(join(link, 'brightness'), brightest);
}

/** The result of trying each light and sound. */
export const signalTestSchema = z.object({
  lights: z.array(z.object({ name: z.string(), works: z.boolean(), said: z.string() })),
  sounds: z.array(z.object({ name: z.enum(['speaker', 'alsa']), works: z.boolean(), said: z.string() })),
});
export type SignalTest = z.infer<typeof signalTestSchema>;

const testTones: readonly Tone[] = [
  [660, 200],
  [880, 200],
];

/** Tries each light and each sound, one after the other. Never throws. */
export async function testStage(
  directory: string,
  start: StartProgram,
  signal: AbortSignal,
  showMs = 700,
): Promise<SignalTest> {
  const { lights, speaker, aplay } = await readStage(directory);
  const result: SignalTest = { lights: [], sounds: [] };
  for (const { light, link } of lights) {
    const tried = await attempt(async () => {
      await writeFile(join(link, 'trigger'), 'none').catch(() => undefined); // some lights have none
      await setLight(link, true);
      const shown = (await readFile(join(link, 'brightness'), 'utf8')).trim();
      await pause(showMs, signal);
      await setLight(link, false);
      if (shown === '0') throw new Error('it stayed dark');
      return `was on, brightness ${shown}`;
    });
    result.lights.push({ name: light, ...tried });
  }
  const played = 'was played; nobody but you can hear whether it was heard';
  if (speaker !== undefined)
    result.sounds.push({
      name: 'speaker',
      ...(await attempt(() => beep(speaker, testTones, signal).then(() => played))),
    });
  if (aplay !== undefined)
    result.sounds.push({
      name: 'alsa',
      ...(await attempt(() => playSamples(start, testTones, signal).then(() => played))),
    });
  return result;
}

async function attempt(task: () => Promise<string>): Promise<{ works: boolean; said: string }> {
  try {
    return { works: true, said: await task() };
  } catch (error) {
    return { works: false, said: messageOf(error) };
  }
}
