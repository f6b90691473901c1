import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beep, samplesOf, toneEvent } from '../../../src/notify/play-tones.ts';
import { playSignal, testStage } from '../../../src/notify/play-signal.ts';
import { signalOf } from '../../../src/notify/signal-of.ts';
import { patternNames, patterns } from '../../../src/notify/signal-patterns.ts';
import {
  findSignals,
  readStage,
  restoreLights,
  setStage,
  type SignalDevices,
} from '../../../src/notify/signal-stage.ts';
import { pause } from '../../../src/system/pause.ts';
import { aDrive } from '../../fakes/a-status.ts';

let top: string;
let devices: SignalDevices;
const never = new AbortController().signal;
const noProgram = () => Promise.reject(new Error('no program was expected'));
const settings = { lights: ['input*::capslock', 'board.led'], sound: true };

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'signals-'));
  devices = {
    leds: join(top, 'leds'),
    speaker: join(top, 'speaker'),
    aplay: join(top, 'aplay'),
    sound: join(top, 'snd'),
  };
  for (const name of ['input3::capslock', 'input3::numlock', 'input12::capslock', 'board.led', 'boardxled']) {
    await mkdir(join(devices.leds, name), { recursive: true });
    await writeFile(join(devices.leds, name, 'trigger'), 'none [kbd-capslock] timer\n');
    await writeFile(join(devices.leds, name, 'brightness'), '0\n');
    await writeFile(join(devices.leds, name, 'max_brightness'), '255\n');
  }
  await writeFile(join(devices.leds, 'board.led/brightness'), '7\n');
  await writeFile(devices.speaker, '');
});
afterEach(() => rm(top, { recursive: true }));

const led = (name: string, file = 'brightness'): Promise<string> => readFile(join(devices.leds, name, file), 'utf8');
const stage = (): string => join(top, 'signal');

describe('the stage', () => {
  it('has the lights of the settings and no other, by links', async () => {
    expect(await setStage({ run: top }, settings, devices)).toEqual({
      ...{ lights: ['board.led', 'input12::capslock', 'input3::capslock'], speaker: true, alsa: false },
    });
    expect(await readlink(join(stage(), '1'))).toBe(join(devices.leds, 'board.led'));
    expect((await readStage(stage())).lights).toHaveLength(3);
    await setStage({ run: top }, { lights: ['none'], sound: false }, devices);
    expect(await readStage(stage())).toEqual({ lights: [] });
  });

  it('uses a sound card only with a card and aplay, and nothing when sound is off', async () => {
    await mkdir(devices.sound);
    await writeFile(join(devices.sound, 'pcmC0D0p'), '');
    expect((await findSignals(settings, devices)).alsa).toBe(false);
    await writeFile(devices.aplay, '');
    expect((await findSignals(settings, devices)).alsa).toBe(true);
    expect(await findSignals({ ...settings, sound: false }, devices)).toMatchObject({ speaker: false, alsa: false });
  });

  it('knows how each light was, and makes it so again', async () => {
    await setStage({ run: top }, settings, devices);
    const ended = new AbortController();
    const shown = playSignal('working', stage(), noProgram, ended.signal);
    await pause(300, never);
    expect(await led('board.led')).toBe('255');
    expect(await led('board.led', 'trigger')).toBe('none');
    expect(await led('boardxled', 'trigger')).toContain('kbd');
    ended.abort();
    await shown;
    await restoreLights(stage());
    expect(await led('board.led')).toBe('7');
    expect(await led('input3::capslock', 'trigger')).toBe('kbd-capslock');
  });

  it('tries each light and sound, and tells which failed', async () => {
    await setStage({ run: top }, settings, devices);
    await rm(join(devices.leds, 'input3::capslock'), { recursive: true }); // the keyboard was unplugged
    const { lights, sounds } = await testStage(stage(), noProgram, never, 1);
    expect(lights.map(({ name, works }) => [name, works])).toEqual([
      ['board.led', true],
      ['input12::capslock', true],
      ['input3::capslock', false],
    ]);
    expect(lights[0]?.said).toBe('was on, brightness 255');
    expect(sounds).toMatchObject([{ name: 'speaker', works: true }]);
  });
});

describe('tones', () => {
  it('are events of the input device, in the form of each processor', () => {
    expect(toneEvent(880, 'x64').toString('hex')).toBe(`${'00'.repeat(16)}1200020070030000`);
    expect(toneEvent(0, 'arm').toString('hex')).toBe(`${'00'.repeat(8)}1200020000000000`);
  });

  it('end in silence, also when they are cut off', async () => {
    const ended = new AbortController();
    const playing = beep(devices.speaker, [[440, 5_000], [880, 5_000]], ended.signal); // prettier-ignore
    await pause(50, never);
    ended.abort();
    await playing;
    const written = await readFile(devices.speaker);
    const tones = Array.from({ length: written.length / 24 }, (_, index) => written.readInt32LE(index * 24 + 20));
    expect(tones).toEqual([440, 0, 0]);
  });

  it('are a square wave for a sound card', () => {
    const samples = samplesOf([[1000, 10], [0, 5]]); // prettier-ignore
    expect(samples).toHaveLength(120);
    expect([...samples.subarray(0, 8)]).toEqual([160, 160, 160, 160, 96, 96, 96, 96]);
    expect(new Set(samples.subarray(80))).toEqual(new Set([128]));
  });
});

describe('patterns', () => {
  it('that say what to do differ in sound and light, and all of them end', () => {
    const [safe, alarm] = [patterns.safe, patterns['do-not-unplug']];
    expect(safe.again.times).toBe(1);
    expect(alarm.again.times * alarm.again.everyMs).toBe(3_600_000);
    expect(new Set(patternNames.map((name) => JSON.stringify(patterns[name].light))).size).toBe(patternNames.length);
    expect(new Set(patternNames.map((name) => JSON.stringify(patterns[name].sound))).size).toBe(patternNames.length);
    for (const name of patternNames) expect(patterns[name].lastsMs).toBeLessThan(2 ** 31);
  });

  it('stand in the manual, as they are', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../docs/extbackup.8'), 'utf8');
    const said = page.replace(/\n(?!\.)/g, ' ');
    for (const name of patternNames) {
      const { means, lightInWords, soundInWords } = patterns[name];
      expect(said).toContain(`\n.It Sy ${name} ${means}. Light: ${lightInWords}. Sound: ${soundInWords}.`);
    }
  });

  it.each([
    [[], undefined],
    [[aDrive('A')], undefined],
    [[aDrive('A', { present: true, state: 'idle' })], undefined],
    [[aDrive('A', { present: true, state: 'safe-to-unplug' })], 'safe A'],
    [[aDrive('A', { present: false, state: 'safe-to-unplug', poweredOff: true })], 'safe A'],
    [
      [aDrive('A', { present: true, state: 'safe-to-unplug' }), aDrive('B', { present: true, state: 'running' })],
      'working B',
    ],
    [[aDrive('A', { present: true, state: 'open' })], 'working A'],
    [[aDrive('A', { present: true, state: 'waiting-for-server', goesOn: true })], 'working A'],
    [[aDrive('A', { present: true, state: 'waiting-for-key', goesOn: true })], 'key A'],
    [[aDrive('A', { present: true, state: 'held' })], 'trouble A'],
    [[aDrive('A', { present: true, state: 'failed' })], 'trouble A'],
    [
      [aDrive('A', { present: true, state: 'running' }), aDrive('B', { present: true, state: 'do-not-unplug' })],
      'do-not-unplug B',
    ],
    [[aDrive('A', { present: false, state: 'do-not-unplug' })], 'do-not-unplug A'],
  ])('%#: follow the state of the disks', (drives, wanted) => {
    const signal = signalOf({ drives });
    expect(signal && `${signal.pattern} ${signal.drive}`).toBe(wanted);
  });
});
