import { expect, it } from 'vitest';
import { createOpenWatch } from '../../../src/agent/open-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import type { DiskUse } from '../../../src/disk/measure.ts';
import { defaultPaths } from '../../../src/system/paths.ts';
import { enrolled } from './an-agent.ts';

function aWatch() {
  const told: string[] = [];
  const bus = createBus((_event, error) => {
    throw error;
  });
  bus.on('drive:opened', ({ drive, how }) => {
    told.push(`${drive} opened ${how}`);
  });
  bus.on('drive:closed', ({ drive }) => {
    told.push(`${drive} closed`);
  });
  const now: { use: DiskUse | undefined; running: string | undefined } = { use: undefined, running: undefined };
  const look = createOpenWatch({
    bus,
    paths: { ...defaultPaths, run: '/nonexistent' },
    drives: () => Promise.resolve([enrolled]),
    running: () => now.running,
    measure: () => Promise.resolve(now.use),
  });
  return { told, now, look };
}
const use: DiskUse = { holders: ['by-hand'], mountpoints: ['/srv/x'] };

it('tells once that a disk was opened, and once that it was closed, however often it looks', async () => {
  const { told, now, look } = aWatch();
  expect(await look()).toBe(false);
  now.use = use;
  expect(await look()).toBe(true);
  await look();
  now.use = undefined;
  expect(await look()).toBe(false);
  await look();
  expect(told).toEqual([`${enrolled.label} opened as by-hand, mounted at /srv/x`, `${enrolled.label} closed`]);
});

it('leaves a run to tell its own story', async () => {
  const { told, now, look } = aWatch();
  now.running = enrolled.label;
  now.use = use;
  await look();
  expect(told).toEqual([]);
});
