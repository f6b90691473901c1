import { describe, expect, test } from 'vitest';
import { nextDisk } from '../../../src/agent/next-disk.ts';
import { usualRotation } from '../../../src/config/rotation-setting.ts';
import { speakerOf } from '../../../src/words/speaker.ts';
import { nextWords } from '../../../src/notify/next-words.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';
import { aDrive } from '../../fakes/a-status.ts';

const now = new Date('2026-11-29T12:00:00Z');
const day = 86_400_000;
const rotation = { ...usualRotation, every: 35 * day, offline: 14 * day };
const days = (count: number) => new Date(now.getTime() + count * day);

describe('the disk to bring next', () => {
  test.each([
    ['before it is overdue', days(-30), days(5)],
    ['before the copy that is made now is too old', days(-2), days(14)],
  ])('is due %s', (_what, lastSuccess, by) => {
    const drives = [
      aDrive('BACKUP_1', { present: true }),
      aDrive('BACKUP_3', { nextUp: true, lastSuccess: lastSuccess.toISOString() }),
    ];
    expect(nextDisk({ drives }, rotation, now)).toEqual({ drive: 'BACKUP_3', by });
  });

  test('is none while no other is away, or nothing is known', () => {
    expect(nextDisk({ drives: [aDrive('BACKUP_1', { present: true, nextUp: true })] }, rotation, now)).toBeUndefined();
    expect(nextDisk(undefined, rotation, now)).toBeUndefined();
  });

  test.each([
    [days(5), 'Bring BACKUP_3 by Friday 4 December.'],
    [days(40), 'Bring BACKUP_3 by Friday 8 January 2027.'],
    [days(-1), 'Bring BACKUP_3 as soon as you can: it is overdue.'],
  ])('in words: %s', (by, expected) => {
    expect(nextWords(speakerOf('en'), { drive: 'BACKUP_3', by }, now)).toBe(expected);
  });
});

describe('what notices say besides', () => {
  const run = { runId: 'r', drive: 'BACKUP_1' };
  const maker = () =>
    createNoticeMaker('station', () => now, {
      contact: () => 'Ann, +41 44 000 00 00',
      next: () => ({ drive: 'BACKUP_3', by: days(5) }),
    });

  test('a good run names the next disk and nobody to call', () => {
    const notices = maker();
    notices.take('run:succeeded', { ...run, tookMs: 1, gaps: false, stamped: true });
    const [notice] = notices.take('drive:safe-to-unplug', run);
    expect(notice?.text).toMatch(/\nBring BACKUP_3 by Friday 4 December\.$/);
    expect(notice?.text).not.toContain('Ann');
  });

  test('what needs a person names whom to call, and no other disk', () => {
    const notices = maker();
    const words = { headline: 'much', isAlarm: false, happened: 'Much.', todo: 'Look.' };
    const held = { ...run, ...words, code: 'EXB_HELD', exitCode: 14, tookMs: 1 };
    notices.take('run:held', held);
    const [notice] = notices.take('drive:safe-to-unplug', run);
    expect(notice?.text).toMatch(/\nWho to call: Ann, \+41 44 000 00 00$/);
    expect(notice?.text).not.toContain('BACKUP_3');
  });
});
