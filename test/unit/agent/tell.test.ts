import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLiveSettings } from '../../../src/agent/settings.ts';
import { startTelling } from '../../../src/agent/tell.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { configSchema, type Config } from '../../../src/config/schema.ts';
import { ConfigError } from '../../../src/errors.ts';
import type { Errand } from '../../../src/notify/courier.ts';

let top = '';
beforeEach(async () => {
  top = await mkdtemp(`${tmpdir()}/tell-`);
});
afterEach(() => rm(top, { recursive: true }));

const aBus = () =>
  createBus((_name, error) => {
    throw error;
  });
const configWith = (more: Record<string, unknown>): Config =>
  configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' }, ...more });

describe('a mistake in the settings', () => {
  test('is told once, however often they are read, and anew when it is another one or was right', async () => {
    const bus = aBus();
    const told: string[] = [];
    bus.on('warning:raised', ({ reason }) => {
      told.push(reason);
    });
    let mistake: string | undefined = 'first';
    const settings = createLiveSettings(
      () => (mistake === undefined ? Promise.resolve(configWith({})) : Promise.reject(new ConfigError(mistake, ''))),
      bus,
    );
    for (const next of ['first', 'first', 'second', undefined, 'second']) {
      mistake = next;
      await settings.reload();
    }
    expect(told).toEqual(['first', 'second', 'second']);
  });

  test('leaves the last valid settings in use; without any it is an error', async () => {
    let file: Config | Error = new ConfigError('wrong', '');
    const settings = createLiveSettings(
      () => (file instanceof Error ? Promise.reject(file) : Promise.resolve(file)),
      aBus(),
    );
    await expect(settings.inUse()).rejects.toThrow('wrong');
    file = configWith({ rotation: { every: '10d' } });
    await settings.reload();
    file = new ConfigError('wrong again', '');
    expect((await settings.inUse()).rotation.every).toBe(864_000_000);
    file = configWith({ rotation: { every: '11d' } });
    expect((await settings.inUse()).rotation.every).toBe(950_400_000);
    file = new Error('a bug');
    await expect(settings.inUse()).rejects.toThrow('a bug');
  });
});

describe('the teller', () => {
  test('warns of a program that is not there before it is needed, and settles that', async () => {
    const bus = aBus();
    const events: string[] = [];
    bus.onAny((name, event) => {
      if (name.startsWith('warning:')) events.push(`${name} ${(event as { topic?: string }).topic ?? ''}`);
    });
    const entry = (command: string) => configWith({ notify: [{ type: 'command', command, name: 'bell' }] });
    let config = entry('/usr/bin/none-such');
    const sent: Errand[] = [];
    const teller = await startTelling({
      ...{ bus, log: { warn: () => undefined }, context: {}, onHealth: () => undefined, settings: () => config },
      paths: { config: '', etc: top, state: top, run: top, ramfs: top, plaintext: top },
      courier: (errand) => {
        sent.push(errand);
        return Promise.resolve({ failure: 'it is not there' });
      },
    });
    expect(events).toEqual(['warning:raised channel bell']);
    await teller.onSettings();
    expect(events).toHaveLength(1);
    await vi.waitFor(() => {
      expect(teller.health()).toMatchObject([{ name: 'bell', error: 'it is not there' }]);
    });
    config = entry('/bin/true');
    await teller.onSettings();
    expect(events.at(-1)).toBe('warning:settled channel bell');
    await teller.stop(0);
  });
});
