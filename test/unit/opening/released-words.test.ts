import { expect, it } from 'vitest';
import { lastWordsOf, sayReleased } from '../../../src/opening/released-words.ts';

it('calls a disk safe to unplug only when the agent does not open it again by itself', () => {
  expect(sayReleased([], [])).toBe('Nothing was open. Safe to unplug.');
  expect(sayReleased(['extbackup-BACKUP_1'], [])).toBe('Closed: extbackup-BACKUP_1. Safe to unplug.');
  expect(sayReleased([], ['BACKUP_1'])).toMatch(
    /^Nothing was open\. Leave .* BACKUP_1 is closed now, and will be opened again/,
  );
  expect(sayReleased([], ['BACKUP_1'])).not.toMatch(/safe to unplug/i);
});

it('does not contradict the line before about a disk that a person had open', () => {
  const [idle, soon] = [sayReleased([], []), sayReleased([], ['BACKUP_2'])];
  const person = (isSafe: boolean, words: string) => ({
    isNothing: false,
    person: { label: 'BACKUP_1', now: { isSafe, words } },
  });
  expect(lastWordsOf(idle, { isNothing: true })).toBe(idle);
  expect(lastWordsOf(idle, { isNothing: false })).toBe('Nothing else was open. Safe to unplug.');
  expect(lastWordsOf(idle, person(true, 'safe to unplug'))).toBe('Nothing else was open. Safe to unplug.');
  const waits = 'leave it plugged in: its backup starts by itself';
  expect(lastWordsOf(idle, person(false, waits))).toBe(`Nothing else was open. Disk BACKUP_1: ${waits}.`);
  expect(lastWordsOf(soon, person(false, waits))).toMatch(/^Nothing else was open\. Leave them .*BACKUP_1: leave it/);
  expect(lastWordsOf(sayReleased(['x'], []), person(true, ''))).toBe('Closed: x. Safe to unplug.');
});
