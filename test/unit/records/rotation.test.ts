import { expect, test } from 'vitest';
import { copyFrom, describeRotation, planRotation } from '../../../src/records/rotation.ts';
import type { DriveStatus } from '../../../src/protocol/status.ts';
import { aDisk } from '../client/a-disk.ts';

const now = new Date('2026-03-01T00:00:00Z');
const day = 86_400_000;
const cadence = { every: 35 * day, drives: {} };

test('the disk whose copy is oldest comes next, one that never had any first of all', () => {
  const old = aDisk('OLD', { lastSuccess: '2026-02-01T00:00:00Z' });
  const young = aDisk('YOUNG', { lastSuccess: '2026-02-20T00:00:00Z' });
  const next = (...records: ReturnType<typeof aDisk>[]) =>
    [...planRotation(records, cadence, now)].filter(([, place]) => place.nextUp).map(([label]) => label);
  expect(next(young, old)).toEqual(['OLD']);
  expect(next(young, old, aDisk('NEW'))).toEqual(['NEW']);
  expect(next()).toEqual([]);
});

test('overdue is longer ago than allowed, counted from the enrolment when there was no success', () => {
  const overdue = (record: ReturnType<typeof aDisk>) => planRotation([record], cadence, now).get(record.label)?.overdue;
  expect(overdue(aDisk('A', { lastSuccess: '2026-01-25T00:00:00Z' }))).toBe(false); // to the day
  expect(overdue(aDisk('A', { lastSuccess: '2026-01-24T23:59:59Z' }))).toBe(true);
  expect(overdue(aDisk('A', { enrolledAt: '2026-02-27T00:00:00Z' }))).toBe(false);
  expect(overdue(aDisk('A'))).toBe(true);
});

test('a success that is dated in the future neither keeps a disk from being overdue, nor calls it so', () => {
  const overdue = (record: ReturnType<typeof aDisk>, at = now) =>
    planRotation([record], cadence, at).get(record.label)?.overdue;
  const ahead = { lastSuccess: '2036-01-01T00:00:00Z' };
  expect(overdue(aDisk('A', { ...ahead, successBefore: '2026-01-01T00:00:00Z' }))).toBe(true);
  expect(overdue(aDisk('A', { ...ahead, successBefore: '2026-02-20T00:00:00Z' }))).toBe(false);
  // The clock is behind all that is known.
  const good = aDisk('A', { enrolledAt: '2026-01-01T00:00:00Z', lastSuccess: '2026-02-20T00:00:00Z' });
  expect(overdue(good, new Date('1970-01-01T00:00:00Z'))).toBe(false);
});

test('an offline copy that is dated in the future has the age of the one before', () => {
  const record = aDisk('A', { lastSuccess: '2036-02-20T00:00:00Z', successBefore: '2026-02-01T00:00:00Z' });
  const { label, luksUuid, enrolledAt, lastSuccess } = record;
  const drive: DriveStatus = {
    ...{ label, luksUuid, enrolledAt, lastSuccess, ...copyFrom(record, now) },
    ...{ present: false, state: 'absent', drilledAt: null, overdue: false, nextUp: true, message: null, health: [] },
  };
  const { offlineCopy, overdue } = describeRotation([drive], { offline: 14 * day }, {}, now);
  expect(offlineCopy).toMatchObject({ at: '2026-02-01T00:00:00.000Z', ageSeconds: 28 * 86_400 });
  expect(overdue).toBe(true);
  expect(copyFrom({ ...record, lastSuccess: '2026-02-20T00:00:00Z' }, now)).toEqual({});
});

test('retired and lost disks take no part', () => {
  const lost = aDisk('LOST', { state: 'lost' });
  expect([...planRotation([lost, aDisk('B', { lastSuccess: '2026-02-20T00:00:00Z' })], cadence, now)]).toEqual([
    ['LOST', { overdue: false, nextUp: false }],
    ['B', { overdue: false, nextUp: true }],
  ]);
});

test('a single disk may be expected more often, and one that is plugged in need not be brought', () => {
  const a = aDisk('A', { lastSuccess: '2026-02-10T00:00:00Z' });
  const b = aDisk('B', { lastSuccess: '2026-02-09T00:00:00Z' });
  const often = { every: 35 * day, drives: { A: 14 * day } };
  expect([...planRotation([a, b], often, now)]).toEqual([
    ['A', { overdue: true, nextUp: true }],
    ['B', { overdue: false, nextUp: false }],
  ]);
  expect(planRotation([a, b], often, now, new Set(['A'])).get('B')?.nextUp).toBe(true);
});

test('the whole rotation is overdue from the first enrolment on when there never was an offline copy', () => {
  const drive = (enrolledAt: string): DriveStatus => ({
    label: 'A',
    luksUuid: 'u',
    present: false,
    state: 'absent',
    enrolledAt,
    lastSuccess: null,
    drilledAt: null,
    overdue: false,
    nextUp: true,
    message: null,
    health: [],
  });
  const offline = 14 * day;
  const overdue = (...drives: DriveStatus[]) => describeRotation(drives, { offline }, {}, now).overdue;
  expect(overdue(drive('2026-02-15T00:00:01Z'))).toBe(false);
  expect(overdue(drive('2026-02-20T00:00:00Z'), drive('2026-02-14T00:00:00Z'))).toBe(true);
  expect(overdue()).toBe(false);
  const last = { lastOffline: '2026-02-20T00:00:00Z' };
  expect(describeRotation([drive('2026-01-01T00:00:00Z')], { offline }, last, now).overdue).toBe(false);
});
