import { expect, it } from 'vitest';
import { createMovedWatch } from '../../../src/agent/moved-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { usualRotation } from '../../../src/config/rotation-setting.ts';
import type { DriveRecord } from '../../../src/records/drive-record.ts';
import { aDisk } from '../client/a-disk.ts';

const at = '2026-02-27T12:00:00.000Z';
const disk = (label: string, ...sources: string[]): DriveRecord =>
  aDisk(label, {
    lastSuccess: at,
    sources: Object.fromEntries(
      sources.map((name) => [name, { lastSuccess: at, lastError: null, filesTotal: 1, bytesTotal: 1 }]),
    ),
  });
const sets = [
  { name: 'daily', drives: ['A1', 'A2'], sources: ['office', 'photos'] },
  { name: 'big', drives: ['B1'], sources: ['films'] },
];

it('warns of a source that was moved, once, and settles it when its new set has a copy', async () => {
  const said: string[] = [];
  const bus = createBus((_name, error) => {
    throw error;
  });
  bus.on('warning:raised', ({ reason, todo, topic }) => {
    said.push(`${topic ?? ''}: ${reason} ${todo}`);
  });
  bus.on('warning:settled', ({ topic }) => {
    said.push(`settled: ${topic}`);
  });
  let drives = [disk('A1', 'office'), disk('B1', 'films', 'photos')];
  const look = createMovedWatch({
    bus,
    drives: () => Promise.resolve(drives),
    rotation: () => Promise.resolve({ ...usualRotation, sets }),
  });
  await look();
  await look();
  expect(said).toEqual([
    expect.stringMatching(
      /^moved source photos: The source photos belongs to the set daily now, .* on disk B1, is from 2026-02-2[78] .*Bring a disk of that set and plug it in: A1, A2\./,
    ),
  ]);
  drives = [disk('A1', 'office', 'photos'), disk('B1', 'films', 'photos')];
  await look();
  await look();
  expect(said.slice(1)).toEqual(['settled: moved source photos']);
});
