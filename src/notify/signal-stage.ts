/**
 * The stage of sound and light: a directory with a link to each light and to the speaker that extbackup-signal@.service may use.
 * systemd follows the links, so the unit can write to these lights and to no other attribute of a device.
 */
import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { SignalChannel } from '../config/signal-schema.ts';
import { isThere } from '../system/is-there.ts';
import { parseJson } from '../system/parse-json.ts';
import { toneEvent } from './play-tones.ts';
import type { Paths } from '../system/paths.ts';

/** Where the devices are; tests have a tree of their own. */
export interface SignalDevices {
  readonly leds: string;
  /** The PC speaker's input device; there if the module pcspkr is loaded. */
  readonly speaker: string;
  readonly aplay: string;
  readonly sound: string;
}

export const realDevices: SignalDevices = {
  leds: '/sys/class/leds',
  speaker: '/dev/input/by-path/platform-pcspkr-event-spkr',
  aplay: '/usr/bin/aplay',
  sound: '/dev/snd',
};

/** The unit has a line for so many. */
const mostLights = 8;

const beforeSchema = z.array(
  z.object({ light: z.string(), link: z.string(), brightness: z.string(), trigger: z.string() }),
);

/** What the unit may use. `lights` are their names in sysfs and their links on the stage. */
export interface Stage {
  readonly lights: readonly { readonly light: string; readonly link: string }[];
  /** The link to the speaker. */
  readonly speaker?: string;
  readonly aplay?: string;
}

export const stageDirectory = (paths: Pick<Paths, 'run'>): string => join(paths.run, 'signal');

/** Finds the lights and sounds that the settings allow. */
export async function findSignals(
  { lights, sound }: Pick<SignalChannel, 'lights' | 'sound'>,
  devices: SignalDevices = realDevices,
): Promise<{ readonly lights: readonly string[]; readonly speaker: boolean; readonly alsa: boolean }> {
  const wanted = lights.map((name) => new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));
  const all = await readdir(devices.leds).catch(() => []);
  const cards = (await readdir(devices.sound).catch(() => [])).some((name) => /^pcm.*p$/.test(name));
  return {
    lights: all
      .filter((name) => wanted.some((pattern) => pattern.test(name)))
      .sort()
      .slice(0, mostLights),
    speaker: sound && (await isThere(devices.speaker)),
    alsa: sound && cards && (await isThere(devices.aplay)),
  };
}

/** Sets the stage anew, and notes how each light is now. Only while no unit uses it. */
export async function setStage(
  paths: Pick<Paths, 'run'>,
  settings: Pick<SignalChannel, 'lights' | 'sound'>,
  devices: SignalDevices = realDevices,
): Promise<Awaited<ReturnType<typeof findSignals>>> {
  const found = await findSignals(settings, devices);
  const directory = stageDirectory(paths);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const before = await Promise.all(
    found.lights.map(async (light, index) => {
      const link = String(index + 1);
      await symlink(join(devices.leds, light), join(directory, link));
      const read = (file: string): Promise<string> => readFile(join(devices.leds, light, file), 'utf8').catch(() => '');
      const trigger = /\[(.+)\]/.exec(await read('trigger'))?.[1] ?? 'none';
      return { light, link, brightness: (await read('brightness')).trim(), trigger };
    }),
  );
  await writeFile(join(directory, 'before'), JSON.stringify(before), { mode: 0o600 });
  if (found.speaker) await symlink(devices.speaker, join(directory, 'speaker'));
  if (found.alsa) await symlink(devices.aplay, join(directory, 'aplay'));
  return found;
}

/** The stage as the unit finds it. */
export async function readStage(directory: string): Promise<Stage> {
  const before = await readBefore(directory);
  const speaker = join(directory, 'speaker');
  const aplay = join(directory, 'aplay');
  const can = (file: string): Promise<boolean> =>
    access(file, constants.F_OK).then(
      () => true,
      () => false,
    );
  return {
    lights: before.map(({ light, link }) => ({ light, link: join(directory, link) })),
    ...((await can(speaker)) && { speaker }),
    ...((await can(aplay)) && { aplay }),
  };
}

/** Makes each light as it was before. */
export async function restoreLights(directory: string): Promise<void> {
  for (const { link, trigger, brightness } of await readBefore(directory)) {
    const write = (file: string, text: string): Promise<void> =>
      writeFile(join(directory, link, file), text).catch(() => undefined); // a keyboard that was unplugged
    await write('brightness', brightness === '' ? '0' : brightness);
    await write('trigger', trigger);
  }
}

/** Silences the speaker, in case a beep was cut off. */
export async function silence(directory: string): Promise<void> {
  const { speaker } = await readStage(directory);
  if (speaker !== undefined) await writeFile(speaker, toneEvent(0)).catch(() => undefined);
}

async function readBefore(directory: string): Promise<z.infer<typeof beforeSchema>> {
  const text = await readFile(join(directory, 'before'), 'utf8').catch(() => undefined);
  return parseJson(beforeSchema, text) ?? [];
}
