import { expect, it } from 'vitest';
import { futureNote, parseTime, parseTyped } from '../../../src/commands/parse-time.ts';

it.each(['2026-02-30', '2026-11-31', '2026-02-29 12:00', '2026-04-31T12:00:00Z', '2026-00-10', '2026-13-01', '1999'])(
  'a day that is not in the calendar is no time, and not another day: %s',
  (text) => {
    expect(() => parseTime(text)).toThrow('It must be a time');
    expect(parseTyped(text)).toBeUndefined();
  },
);

it('takes a day, and times of it', () => {
  expect(parseTime('2028-02-29')).toEqual(new Date('2028-02-29T23:59:59.999'));
  expect(parseTime('2026-11-30T12:00:00Z').toISOString()).toBe('2026-11-30T12:00:00.000Z');
  expect(parseTime('2026-11-30 12:00 UTC').toISOString()).toBe('2026-11-30T12:00:00.000Z');
  expect(parseTime('2026-11-30 12:00')).toEqual(new Date(2026, 10, 30, 12));
});

it('says that a time is in the future, but not of the end of today', () => {
  const now = new Date('2026-11-30T12:00:00Z');
  expect(futureNote(new Date('2062-11-20T00:00:00Z'), now)).toContain('this is the state of the last backup');
  for (const at of [undefined, now, new Date('2026-12-01T00:00:00Z')]) expect(futureNote(at, now)).toBeUndefined();
});
