import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkOverdue, tellAgainAfterMs } from '../../../src/agent/overdue-watch.ts';
import type { RotationSetting } from '../../../src/config/rotation-setting.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { openRotationMemory } from '../../../src/records/rotation-memory.ts';
import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';

const day = 24 * 3_600_000;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'overdue-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const record = (label: string, lastSuccess: string | null, state: DriveRecord['state'] = 'active'): DriveRecord =>
  driveRecordSchema.parse({
    label,
    luksUuid: `00000000-0000-4000-8000-00000000000${label.slice(-1)}`,
    sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    generation: 0,
    enrolledAt: '2026-01-01T00:00:00.000Z',
    lastSuccess,
    state,
  });

/** Looks at a time and returns whom the operator was told of. */
async function look(
  drives: readonly DriveRecord[],
  at: string,
  present: readonly string[] = [],
  offline = 1000 * day,
  memory = openRotationMemory(join(directory, 'rotation.json'), (error) => {
    throw error;
  }),
  sets?: RotationSetting['sets'],
): Promise<string[]> {
  const told: string[] = [];
  const bus = createBus((_name, error) => {
    throw error;
  });
  bus.on('rotation:overdue', (event) => {
    told.push(event.drive ?? `${event.set ?? 'all'}, next ${event.next ?? '-'}, overdue ${event.overdue.join(' ')}`);
  });
  await checkOverdue({
    bus,
    memory,
    drives: () => Promise.resolve(drives),
    present: () => new Set(present),
    rotation: () => Promise.resolve({ every: 35 * day, drives: {}, offline, sets }),
    now: () => new Date(at),
  });
  return told;
}

it('tells of each overdue disk once, again after a week, and anew after a success', async () => {
  const stale = [
    record('BACKUP_1', '2026-03-01T00:00:00.000Z'),
    record('BACKUP_2', '2026-05-01T00:00:00.000Z'),
    record('BACKUP_3', null, 'retired'),
  ];
  expect(await look(stale, '2026-04-01T00:00:00.000Z')).toEqual([]);
  expect(await look(stale, '2026-05-02T00:00:00.000Z')).toEqual(['BACKUP_1']);
  expect(await look(stale, '2026-05-02T01:00:00.000Z')).toEqual([]);
  expect(await look(stale, new Date(Date.parse('2026-05-02T00:00:00.000Z') + tellAgainAfterMs).toISOString())).toEqual([
    'BACKUP_1',
  ]);
  const fresh = [record('BACKUP_1', '2026-05-10T00:00:00.000Z')];
  expect(await look(fresh, '2026-05-11T00:00:00.000Z')).toEqual([]);
  expect(await look(fresh, '2026-07-01T00:00:00.000Z')).toEqual(['BACKUP_1']);
});

it('tells once more when its memory is damaged', async () => {
  const stale = [record('BACKUP_1', null)];
  expect(await look(stale, '2026-05-02T00:00:00.000Z')).toEqual(['BACKUP_1']);
  await writeFile(join(directory, 'rotation.json'), '{"BACKUP_1":');
  expect(await look(stale, '2026-05-02T01:00:00.000Z')).toEqual(['BACKUP_1']);
});

it('tells while its memory cannot be written, once, and remembers that when it can be written again', async () => {
  const file = join(directory, 'rotation.json');
  await mkdir(file);
  const failures: unknown[] = [];
  const memory = openRotationMemory(file, (error) => {
    failures.push(error);
  });
  const stale = [record('BACKUP_1', null)];
  expect(await look(stale, '2026-05-02T00:00:00.000Z', [], undefined, memory)).toEqual(['BACKUP_1']);
  expect(await look(stale, '2026-05-02T01:00:00.000Z', [], undefined, memory)).toEqual([]);
  expect(failures).toHaveLength(2);
  await rm(file, { recursive: true });
  expect(await look(stale, '2026-05-02T02:00:00.000Z', [], undefined, memory)).toEqual([]);
  expect(await look(stale, '2026-05-02T03:00:00.000Z')).toEqual([]); // another process reads it
});

it('tells once a week that the whole rotation is overdue, and names its disks with it, not one by one', async () => {
  const stale = [record('BACKUP_1', '2026-03-01T00:00:00.000Z'), record('BACKUP_2', '2026-04-20T00:00:00.000Z')];
  const at = (date: string): Promise<string[]> => look(stale, date, [], 14 * day);
  expect(await at('2026-05-03T00:00:00.000Z')).toEqual(['BACKUP_1']);
  expect(await at('2026-05-05T00:00:00.000Z')).toEqual(['all, next BACKUP_1, overdue BACKUP_1']);
  expect(await at('2026-05-05T01:00:00.000Z')).toEqual([]);
  expect(await at('2026-05-12T00:00:00.000Z')).toEqual(['all, next BACKUP_1, overdue BACKUP_1']);
});

it('counts from the last offline copy while every disk is plugged in', async () => {
  const one = (lastSuccess: string): DriveRecord[] => [record('BACKUP_1', lastSuccess)];
  expect(await look(one('2026-05-01T00:00:00.000Z'), '2026-05-02T00:00:00.000Z', [], 14 * day)).toEqual([]);
  expect(await look(one('2026-05-08T00:00:00.000Z'), '2026-05-08T00:00:00.000Z', ['BACKUP_1'], 14 * day)).toEqual([]);
  expect(await look(one('2026-05-15T00:00:00.000Z'), '2026-05-16T00:00:00.000Z', ['BACKUP_1'], 14 * day)).toEqual([
    'all, next BACKUP_1, overdue ',
  ]);
});

it('judges each set for itself, with a memory of its own', async () => {
  const sets = [
    { name: 'daily', drives: ['BACKUP_1', 'BACKUP_2'], sources: ['office'] },
    { name: 'big', drives: ['BACKUP_3'], sources: ['films'] },
  ];
  const filled = (label: string, at: string, source: string): DriveRecord => ({
    ...record(label, at),
    sources: { [source]: { lastSuccess: at, lastError: null, filesTotal: 1, bytesTotal: 1 } },
  });
  const disks = [
    filled('BACKUP_1', '2026-03-01T00:00:00.000Z', 'office'),
    filled('BACKUP_2', '2026-03-10T00:00:00.000Z', 'office'),
    filled('BACKUP_3', '2026-03-01T00:00:00.000Z', 'films'),
  ];
  const at = (time: string, drives = disks) => look(drives, `${time}T01:00:00.000Z`, [], 14 * day, undefined, sets);
  expect(await at('2026-03-15')).toEqual(['big, next BACKUP_3, overdue ']);
  expect(await at('2026-03-16')).toEqual([]);
  expect(await at('2026-03-25')).toEqual(['daily, next BACKUP_1, overdue ', 'big, next BACKUP_3, overdue ']);
  const again = [...disks.slice(0, 2), filled('BACKUP_3', '2026-03-25T00:00:00.000Z', 'films')];
  expect(await at('2026-03-26', again)).toEqual([]);
  expect(await at('2026-04-09', again)).toEqual([
    'daily, next BACKUP_1, overdue BACKUP_1',
    'big, next BACKUP_3, overdue ',
  ]);
});

it('tells of an overdue disk, and of the whole rotation, although a clock that was ahead dated the last warning', async () => {
  const stale = [record('BACKUP_1', '2026-03-01T00:00:00.000Z')];
  expect(await look(stale, '2036-03-01T01:00:00.000Z', [], 10_000 * day)).toEqual(['BACKUP_1']);
  expect(await look(stale, '2026-05-01T01:00:00.000Z')).toEqual(['BACKUP_1']);
  expect(await look(stale, '2026-05-02T01:00:00.000Z')).toEqual([]);
  const whole = ['all, next BACKUP_1, overdue BACKUP_1'];
  expect(await look(stale, '2036-03-01T01:00:00.000Z', [], 14 * day)).toEqual(whole);
  expect(await look(stale, '2026-05-03T01:00:00.000Z', [], 14 * day)).toEqual(whole);
  expect(await look(stale, '2026-05-04T01:00:00.000Z', [], 14 * day)).toEqual([]);
});

it('does not count from an offline copy that a clock that was ahead dated', async () => {
  const ahead = [record('BACKUP_1', '2036-03-01T00:00:00.000Z')];
  expect(await look(ahead, '2036-03-02T00:00:00.000Z', [], 14 * day)).toEqual([]); // remembers the copy
  const right = [record('BACKUP_1', '2026-05-01T00:00:00.000Z')];
  expect(await look(right, '2026-05-02T00:00:00.000Z', ['BACKUP_1'], 14 * day)).toEqual([
    'all, next BACKUP_1, overdue ',
  ]);
});
