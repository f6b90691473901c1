import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { createSignaller, type Signaller } from '../../../src/agent/signaller.ts';
import { createBus, type Bus } from '../../../src/bus/bus.ts';
import { signal, type SignalChannel } from '../../../src/config/signal-schema.ts';
import { defaultPaths } from '../../../src/system/paths.ts';
import { aDrive, aStatus } from '../../fakes/a-status.ts';
import type { DriveState } from '../../../src/protocol/status.ts';

let bus: Bus;
let done: string[];
let channel: SignalChannel | undefined;
let signaller: Signaller;

beforeEach(() => {
  done = [];
  channel = signal.parse({ type: 'signal', quiet: '22:00-07:00' });
  bus = createBus(() => undefined);
});

/** @param hour local time of the station */
function start(hour = 12): void {
  signaller = createSignaller({
    ...{ bus, paths: defaultPaths, start: () => Promise.reject(new Error('no program was expected')) },
    settings: () => ({ notify: channel ? [channel] : [] }),
    onError: (error) => {
      throw error;
    },
    now: () => new Date(2026, 10, 30, hour),
    show: (_start, _paths, pattern, { sound }) => {
      done.push(sound ? pattern : `${pattern} without sound`);
      return Promise.resolve();
    },
    end: () => {
      done.push('end');
      return Promise.resolve();
    },
  });
}
async function see(state: DriveState): Promise<void> {
  signaller.onStatus(aStatus({ drives: [aDrive('A', { present: state !== 'absent', state })] }));
  await sleep(5);
}
const settled = (): Promise<void> => sleep(5);

it('follows the state, and shows each once however often it is told', async () => {
  start();
  await see('absent');
  bus.emit('drive:attached', { source: 'usb' });
  bus.emit('drive:attached', { source: 'udev', device: 'sda1' });
  await settled();
  for (const state of ['running', 'running', 'safe-to-unplug', 'safe-to-unplug', 'absent'] as const) await see(state);
  expect(done).toEqual(['noticed', 'working', 'safe', 'end']);
});

it('a disk that is refused is trouble until it is taken out', async () => {
  start();
  await see('absent');
  bus.emit('drive:ignored', { reason: 'no-luks', happened: 'x', todo: 'y' });
  await settled();
  bus.emit('drive:removed', { usbSerial: 'x' });
  await settled();
  expect(done).toEqual(['trouble', 'end']);
});

it('quiet hours have light without sound, except for DO NOT UNPLUG', async () => {
  start(23);
  await see('safe-to-unplug');
  await see('do-not-unplug');
  expect(done).toEqual(['safe without sound', 'do-not-unplug']);
});

it('nothing is shown without the channel, and what is shown ends with it and with the agent', async () => {
  const given = channel;
  channel = undefined;
  start();
  await see('safe-to-unplug');
  bus.emit('drive:attached', { source: 'usb' });
  await settled();
  expect(done).toEqual([]);
  channel = given;
  signaller.onSettings();
  await settled();
  expect(done.at(-1)).toBe('safe');
  channel = undefined;
  signaller.onSettings();
  await settled();
  expect(done.at(-1)).toBe('end');
  channel = given;
  signaller.onSettings();
  await settled();
  expect(done.at(-1)).toBe('safe');
  await signaller.stop();
  expect(done.at(-1)).toBe('end');
  done = [];
  await see('running');
  expect(done).toEqual([]);
});
