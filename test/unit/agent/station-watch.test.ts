import { expect, it } from 'vitest';
import { createStationWatch } from '../../../src/agent/station-watch.ts';
import { configSchema, type Config } from '../../../src/config/schema.ts';
import type { Verdict } from '../../../src/doctor/check.ts';
import { ConfigError } from '../../../src/errors.ts';
import { hearWarnings, useStationPaths } from './hear-warnings.ts';

const station = useStationPaths();

const config = (): Promise<Config> =>
  Promise.resolve(configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' } }));

/** One look of an agent that has just started, at a machine in this state. */
async function look(at: string, state: Record<string, Verdict | Error>, load = config): Promise<readonly string[]> {
  const { bus, told } = hearWarnings();
  const checks = Object.entries(state).map(([name, verdict]) => ({
    name,
    check: () =>
      verdict instanceof Error
        ? Promise.reject(verdict)
        : Promise.resolve({ verdict, happened: `${name} is ${verdict}`, todo: 'Do.' }),
  }));
  const start = (): Promise<never> => Promise.reject(new Error('not needed'));
  await createStationWatch({ bus, paths: station.paths, start, loadConfig: load, checks, now: () => new Date(at) })();
  return told;
}

it('tells at first what fails, then once what got worse, and settles what is well again', async () => {
  expect(await look('2026-03-01T00:00:00Z', { tools: 'fail', swap: 'warn', room: 'ok' })).toEqual(['tools is fail']);
  expect(await look('2026-03-07T23:00:00Z', { tools: 'fail', swap: 'fail', room: 'fail' })).toEqual([]); // not yet
  expect(await look('2026-03-08T01:00:00Z', { tools: 'fail', swap: 'warn', room: 'warn' })).toEqual(['room is warn']);
  expect(await look('2026-03-15T02:00:00Z', { tools: 'ok', swap: 'warn', room: 'fail' })).toEqual([
    'settled: check tools',
    'room is fail',
  ]);
  expect(await look('2026-03-22T03:00:00Z', { tools: 'fail', swap: 'warn', room: 'fail' })).toEqual(['tools is fail']);
});

it('makes no news of what cannot be looked at, and waits for settings', async () => {
  const none = (): Promise<Config> => Promise.reject(new ConfigError('There are none.', 'Make some.'));
  expect(await look('2026-03-01T00:00:00Z', { tools: 'fail' }, none)).toEqual([]);
  expect(await look('2026-03-01T01:00:00Z', { tools: new Error('not from here'), swap: 'fail' })).toEqual([
    'swap is fail',
  ]);
});

it('looks again after a clock that was ahead', async () => {
  await look('2030-01-01T00:00:00Z', { room: 'ok' });
  expect(await look('2026-03-01T00:00:00Z', { room: 'fail' })).toEqual(['room is fail']);
});
