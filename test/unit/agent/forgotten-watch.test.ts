import { beforeEach, expect, it } from 'vitest';
import { closingGraceMs, createForgottenWatch } from '../../../src/agent/forgotten-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import type { OpenedByPerson } from '../../../src/opening/opened-by-person.ts';

const hour = 3_600_000;
let told: string[];
beforeEach(() => {
  told = [];
});

const opened = (since: string, closesAt: string | undefined): OpenedByPerson => ({
  version: 1,
  label: 'BACKUP_1',
  luksUuid: 'one',
  disk: 'sdb',
  since,
  by: 'ann',
  writable: false,
  ...(closesAt !== undefined && { closesAt }),
});

/** Looks at these times while this disk is open, and returns how many warnings there were after each. */
function watchOver(remindBefore: number) {
  const bus = createBus((_name, error) => {
    throw error;
  });
  let look: OpenedByPerson | undefined;
  let now = new Date(0);
  bus.on('warning:raised', ({ reason, todo }) => {
    told.push(`${reason} ${todo}`);
  });
  const watch = createForgottenWatch({
    bus,
    openedByPerson: () => Promise.resolve(look),
    setting: () => Promise.resolve({ closeAfter: 8 * hour, remindBefore }),
    now: () => now,
    passed: () => now.getTime(),
  });
  return async (open: OpenedByPerson | undefined, ...times: string[]): Promise<number[]> => {
    look = open;
    const counts: number[] = [];
    for (const time of times) {
      now = new Date(time);
      await watch();
      counts.push(told.length);
    }
    return counts;
  };
}

it('reminds once before the disk is closed, and says who has it and when it closes', async () => {
  const at = watchOver(hour);
  expect(
    await at(
      opened('2026-05-01T08:00:00.000Z', '2026-05-01T16:00:00.000Z'),
      '2026-05-01T14:59:00.000Z',
      '2026-05-01T15:00:00.000Z',
      '2026-05-01T15:30:00.000Z',
      '2026-05-01T16:01:00.000Z',
    ),
  ).toEqual([0, 1, 1, 1]);
  expect(told[0]).toBe(
    'ann has had disk BACKUP_1 open since 2026-05-01 08:00 UTC, and may have forgotten it. No run starts until it is closed. Close it with: extbackup umount . It will be closed automatically at 2026-05-01 16:00 UTC.',
  );
});

it('leaves a short look alone for half of its time', async () => {
  const at = watchOver(hour);
  expect(
    await at(
      opened('2026-05-01T08:00:00.000Z', '2026-05-01T08:30:00.000Z'),
      '2026-05-01T08:01:00.000Z',
      '2026-05-01T08:14:00.000Z',
      '2026-05-01T08:15:00.000Z',
    ),
  ).toEqual([0, 0, 1]);
});

it('tells of a disk that could not be closed, and again after a day', async () => {
  const at = watchOver(hour);
  const look = opened('2026-05-01T08:00:00.000Z', '2026-05-01T16:00:00.000Z');
  expect(
    await at(
      look,
      '2026-05-01T16:02:00.000Z',
      '2026-05-01T16:03:00.000Z',
      '2026-05-02T16:01:00.000Z',
      '2026-05-02T16:02:00.000Z',
    ),
  ).toEqual([1, 1, 1, 2]);
  expect(told[0]).toContain(
    'but it is still in use. DO NOT UNPLUG it. End the programs that use it, then run: extbackup umount',
  );
});

it('begins anew with the next look, and says nothing where nobody looks or no end is set', async () => {
  const at = watchOver(hour);
  expect(await at(opened('2026-05-01T08:00:00.000Z', '2026-05-01T16:00:00.000Z'), '2026-05-01T15:30:00.000Z')).toEqual([
    1,
  ]);
  expect(await at(undefined, '2026-05-01T17:00:00.000Z')).toEqual([1]);
  expect(await at(opened('2026-05-02T08:00:00.000Z', '2026-05-02T16:00:00.000Z'), '2026-05-02T15:30:00.000Z')).toEqual([
    2,
  ]);
  expect(await at(opened('2026-05-03T08:00:00.000Z', undefined), '2026-05-09T15:30:00.000Z')).toEqual([2]);
});

it('says when there may be something to tell next', async () => {
  const bus = createBus((_name, error) => {
    throw error;
  });
  const look = opened('2026-05-01T08:00:00.000Z', '2026-05-01T08:00:20.000Z');
  let now = new Date(look.since);
  const watch = createForgottenWatch({
    bus,
    openedByPerson: () => Promise.resolve(look),
    setting: () => Promise.resolve({ closeAfter: 8 * hour, remindBefore: 5_000 }),
    now: () => now,
    passed: () => now.getTime(),
  });
  expect(await watch()).toBe(15_000);
  now = new Date('2026-05-01T08:00:15.000Z');
  expect(await watch()).toBe(5_000 + closingGraceMs);
  expect(await watch()).toBe(5_000 + closingGraceMs);
  now = new Date('2026-05-01T08:02:20.000Z');
  expect(await watch()).toBeUndefined();
});

it('follows the time that passed, not a clock that is set: an open disk is not said to be in use after its time', async () => {
  let [clock, passed] = ['2026-05-01T08:00:00.000Z', 0];
  const bus = createBus((_name, error) => {
    throw error;
  });
  bus.on('warning:raised', ({ about }) => {
    told.push(about);
  });
  const watch = createForgottenWatch({
    bus,
    openedByPerson: () => Promise.resolve(opened('2026-05-01T08:00:00.000Z', '2026-05-01T16:00:00.000Z')),
    setting: () => Promise.resolve({ closeAfter: 8 * hour, remindBefore: hour }),
    now: () => new Date(clock),
    passed: () => passed,
  });
  await watch();
  [clock, passed] = ['2036-05-01T08:00:00.000Z', hour];
  expect(await watch()).toBe(6 * hour);
  expect(told).toEqual([]);
  [clock, passed] = ['2020-05-01T08:00:00.000Z', 9 * hour];
  await watch();
  expect(told).toEqual(['in-use']);
});
