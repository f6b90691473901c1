import { describe, expect, it } from 'vitest';
import { firstsOf } from '../../../src/history/periods.ts';
import { outdated, restorePoints, type KeepRule } from '../../../src/history/retention.ts';

const day = 86_400_000;
/** Entries at local times, numbered from 1, the oldest first. */
const at = (...times: string[]) => times.map((time, index) => ({ number: index + 1, measured: new Date(time) }));

describe('the first entry of a period', () => {
  it('of weeks, which begin on Monday', () => {
    const entries = at('2026-11-22T23:59:59', '2026-11-23T00:00:00', '2026-11-25T12:00:00', '2026-11-30T07:00:00');
    expect(firstsOf(entries, { weekly: 5 })).toEqual(new Set([1, 2, 4]));
    expect(firstsOf(entries, { weekly: 2 })).toEqual(new Set([2, 4]));
  });
  it('of a week that begins in another year', () => {
    expect(firstsOf(at('2026-12-31T12:00:00', '2027-01-01T12:00:00', '2027-01-03T12:00:00'), { weekly: 9 })).toEqual(
      new Set([1]),
    );
  });
  it('of months and years; a period without a run does not count', () => {
    const entries = at('2024-05-01T00:00:00', '2026-01-31T12:00:00', '2026-02-01T12:00:00', '2026-02-02T12:00:00');
    expect(firstsOf(entries, { monthly: 2 })).toEqual(new Set([2, 3]));
    expect(firstsOf(entries, { yearly: 2 })).toEqual(new Set([1, 2]));
    expect(firstsOf(entries, { weekly: 1, yearly: 1 })).toEqual(new Set([2, 4]));
  });
  it('is none without a rule', () => {
    expect(firstsOf(at('2026-01-01T00:00:00'), {})).toBeUndefined();
  });
});

describe('states that stay', () => {
  const now = new Date('2026-11-30T12:00:00');
  const rule: KeepRule = { now, age: 364 * day, minFree: 0, atLeast: 28 * day, perRun: 1, monthly: 3 };
  const daily = Array.from({ length: 120 }, (_, index) => ({
    number: 120 - index,
    measured: new Date(now.getTime() - index * day),
  }));
  const ages = (numbers: Iterable<number>): number[] => [...numbers].map((number) => 120 - number).reverse();

  it('are all young ones, and the first of each month', () => {
    const points = restorePoints(daily, rule, 120);
    expect(ages(points)).toEqual([...Array.from({ length: 30 }, (_, index) => index), 60, 90]);
  });
  it('and the one that a rollback goes back to', () => {
    expect(ages(restorePoints(daily, rule, 120, 120 - 81))).toContain(80);
  });
  it('and those from the newest entry with something in it', () => {
    expect(ages(restorePoints(daily, { ...rule, atLeast: 0, monthly: 1 }, 118))).toEqual([0, 1, 2, 29]);
  });
  it('what is older than all of them is removed, and nothing else', () => {
    const gone = outdated(daily, rule, 120).map(({ number }) => 120 - number);
    expect(gone).toEqual(Array.from({ length: 29 }, (_, index) => 119 - index));
  });
  it('age ends them', () => {
    expect(outdated(daily, { ...rule, age: 40 * day }, 120).at(-1)?.number).toBe(120 - 30);
  });
});
