import { expect, it } from 'vitest';
import { watchPause } from '../../../src/agent/pause-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import type { Pause } from '../../../src/records/pause.ts';

it('a pause is told when it begins, when it is extended and when it has ended, and not at every look', async () => {
  const bus = createBus((_name, error) => {
    throw error;
  });
  const told: string[] = [];
  bus.on(
    'pause:begun',
    ({ by, until }) => void told.push(`${by} ${Math.round((Date.parse(until) - Date.now()) / 6e4)}`),
  );
  bus.on('pause:ended', () => void told.push('ended'));
  const answers: (Pause | undefined)[] = [600, 600, 1200, 1199.9].map((seconds) => ({
    by: 'dora',
    leftMs: seconds * 1000,
  }));
  const look = watchPause(bus, () => Promise.resolve(answers.shift()));
  for (let times = 0; times < 6; times += 1) await look();
  expect(told).toEqual(['dora 10', 'dora 20', 'ended']);
});
