import { expect, test } from 'vitest';
import { findGrowth, type Sample } from '../../lab/soak/growth.ts';

const calm: Omit<Sample, 'cycle'> = {
  pid: 1,
  memory: 70_000,
  descriptors: 30,
  watches: 5,
  processes: 1,
  mounts: 40,
  mappings: 0,
  machineMounts: 30,
  machineProcesses: 12,
  kernelMemory: 50_000,
};
const series = (at: (cycle: number) => Partial<Sample>, length = 30): Sample[] =>
  Array.from({ length }, (_, cycle) => ({ ...calm, cycle, ...at(cycle) }));

test('noise is no growth', () => {
  expect(
    findGrowth(series((cycle) => ({ memory: 70_000 + (cycle % 7) * 3_000, descriptors: 30 + (cycle % 2) }))),
  ).toEqual([]);
});

test('one descriptor, watch, mount or mapping a few cycles is growth', () => {
  expect(
    findGrowth(
      series((cycle) => ({
        descriptors: 30 + Math.floor(cycle / 5),
        watches: 5 + Math.floor(cycle / 10),
        mappings: cycle > 20 ? 1 : 0,
      })),
    ),
  ).toEqual([
    'descriptors: 31 at first, 35 at the end',
    'watches: 5 at first, 7 at the end',
    'mappings: 0 at first, 1 at the end',
  ]);
});

test('memory is that of one agent: a new one begins anew', () => {
  expect(findGrowth(series((cycle) => ({ pid: cycle < 15 ? 1 : 2, memory: cycle < 15 ? 60_000 : 90_000 })))).toEqual(
    [],
  );
  expect(findGrowth(series((cycle) => ({ pid: cycle < 15 ? 1 : 2, memory: cycle * 3_000 })))).toEqual([
    'memory: 51000 at first, 81000 at the end',
  ]);
});

test('what a former agent left counts', () => {
  expect(findGrowth(series((cycle) => ({ pid: cycle < 15 ? 1 : 2, machineMounts: cycle < 15 ? 30 : 31 })))).toEqual([
    'machineMounts: 30 at first, 31 at the end',
  ]);
});
