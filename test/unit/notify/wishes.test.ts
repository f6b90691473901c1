import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { isWanted } from '../../../src/notify/priority.ts';
import { holdBackFor } from '../../../src/notify/quiet-hours.ts';
import { createRepeats } from '../../../src/notify/repeats.ts';

const wishesOf = (more: Record<string, unknown>) => {
  const [entry] = configSchema.shape.notify.parse([{ type: 'command', command: '/bin/true', ...more }]);
  if (!entry || entry.type === 'signal') throw new Error('no entry');
  return entry;
};
const held = { kind: 'held', priority: 'urgent' } as const;

describe('what a channel hears', () => {
  test.each([[{}], [{ events: ['failure', 'refusal', 'overdue'] }], [{ events: [] }], [{ atLeast: 'high' }]])(
    'with %j: held runs',
    (more) => {
      expect(isWanted(held, wishesOf(more))).toBe(true);
    },
  );

  test('held runs only as listed, when it says so', () => {
    expect(isWanted(held, wishesOf({ events: ['failure'], held: false }))).toBe(false);
    expect(isWanted(held, wishesOf({ events: ['held'], held: false }))).toBe(true);
  });

  test('the beginning of a run only when it is asked for', () => {
    const started = { kind: 'started', priority: 'low' } as const;
    expect(isWanted(started, wishesOf({}))).toBe(false);
    expect(isWanted(started, wishesOf({ events: ['started'] }))).toBe(true);
  });

  test('nothing less urgent than it says; the same kind of news can be more urgent', () => {
    const wishes = wishesOf({ atLeast: 'urgent' });
    expect(isWanted({ kind: 'failure', priority: 'high' }, wishes)).toBe(false);
    expect(isWanted({ kind: 'failure', priority: 'urgent' }, wishes)).toBe(true);
  });
});

describe('quiet hours', () => {
  const at = (time: string) => new Date(`2026-03-04T${time}:00`); // local time
  const hours = 60 * 60_000;

  test.each([
    ['22:00-07:00', '22:00', 9],
    ['22:00-07:00', '03:30', 3.5],
    ['22:00-07:00', '07:00', 0],
    ['22:00-07:00', '12:00', 0],
    ['12:00-13:00', '12:30', 0.5],
    ['12:00-13:00', '13:30', 0],
  ])('%s at %s hold back good news for %d hours', (quiet, time, expected) => {
    expect(holdBackFor({ kind: 'success' }, quiet, at(time))).toBe(expected * hours);
    expect(holdBackFor({ kind: 'overdue' }, quiet, at(time))).toBe(expected * hours);
  });

  test.each(['failure', 'held', 'refusal', 'waiting', 'warning', 'started', 'test'] as const)(
    '%s comes at once',
    (kind) => {
      expect(holdBackFor({ kind }, '22:00-07:00', at('23:00'))).toBe(0);
    },
  );

  test.each(['22:00', '22-7', '24:00-07:00', '07:00-07:00', ''])('%j is no setting', (quiet) => {
    expect(() => wishesOf({ quiet })).toThrow();
  });
});

describe('what repeats', () => {
  const hour = 3_600_000;
  const warning = {
    kind: 'warning',
    subject: 'It is warm',
    text: '',
    payload: { about: 'station', reason: 'It is 35 degrees', todo: '', topic: 'heat' },
  } as const;

  test('is told with growing pauses, at least once a week', () => {
    let now = 0;
    const repeats = createRepeats(() => now);
    const toldAt: number[] = [];
    for (; now < 40 * 24 * hour; now += hour / 2) if (repeats.isNews(warning)) toldAt.push(now / hour);
    expect(toldAt.slice(0, 6)).toEqual([0, 1, 5, 21, 85, 253]);
  });

  test('is news again after it was right, for another disk, and for what is no warning', () => {
    const repeats = createRepeats(() => 0);
    expect(repeats.isNews(warning)).toBe(true);
    expect(repeats.isNews(warning)).toBe(false);
    expect(repeats.isNews({ ...warning, drive: 'BACKUP_1' })).toBe(true);
    repeats.settle('something else');
    expect(repeats.isNews(warning)).toBe(false);
    repeats.settle('heat');
    expect(repeats.isNews(warning)).toBe(true);
    expect([1, 2].map(() => repeats.isNews({ ...warning, kind: 'held' }))).toEqual([true, true]);
  });

  test.each(['failure', 'refusal'] as const)('a %s is told three times, and not for each attach', (kind) => {
    let now = 0;
    const repeats = createRepeats(() => now);
    const news = { ...warning, drive: 'BACKUP_1', kind };
    const toldAt: number[] = [];
    for (; now < 24 * hour; now += hour / 60) if (repeats.isNews(news)) toldAt.push(Math.round((now / hour) * 60));
    expect(toldAt).toEqual([0, 1, 2, 62, 302, 1262]); // minutes
    expect(repeats.isNews({ ...news, text: 'for another reason' })).toBe(true);
    expect(repeats.isNews({ ...news, drive: 'BACKUP_2' })).toBe(true);
  });

  test('a failure after a success is news', () => {
    const repeats = createRepeats(() => 0);
    const failure = { ...warning, drive: 'BACKUP_1', kind: 'failure' } as const;
    expect([1, 2, 3, 4].map(() => repeats.isNews(failure))).toEqual([true, true, true, false]);
    repeats.isNews({ ...failure, drive: 'BACKUP_2', kind: 'success' });
    expect(repeats.isNews(failure)).toBe(false);
    repeats.isNews({ ...failure, kind: 'success' });
    expect(repeats.isNews(failure)).toBe(true);
  });
});
