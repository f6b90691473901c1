import { expect, it } from 'vitest';
import { secondsOfPerson } from '../../lab/stories/person-time.ts';

it('counts keys, decisions, words and thoughts, but not the sheet and what is drawn over', () => {
  const nothing = { typed: [], shown: '', thoughts: [] };
  expect(secondsOfPerson(nothing)).toBe(0);
  expect(secondsOfPerson({ ...nothing, typed: ['yes'] })).toBeCloseTo(4 * 0.28 + 1.35);
  expect(secondsOfPerson({ ...nothing, shown: 'one two three four' })).toBe(1);
  expect(secondsOfPerson({ ...nothing, thoughts: [30, 20] })).toBe(50);
  const sheet = 'Recovery sheet for the backup disks of a\nIf something does not work\nx --header-backup-file FILE\n';
  expect(secondsOfPerson({ ...nothing, shown: `${sheet}10 % done\r20 % done\rone two three four` })).toBe(1);
  const prompt = '? New password: \u001B[2K\u001B[G? New password: *\u001B[2K\u001B[Gone two three four';
  expect(secondsOfPerson({ ...nothing, shown: prompt })).toBe(1);
});
