import { expect, it } from 'vitest';
import { lossWords } from '../../../src/commands/lock-station.ts';

it.each([
  [{ isGone: false, writable: true }, /^$/],
  [{ isGone: true, writable: true }, /unplugged before that, and .* may be lost$/],
  [{ isGone: true, writable: false }, /unplugged before that$/],
])('lock names a disk that was pulled out: %j', (closed, words) => {
  expect(lossWords(closed)).toMatch(words);
});
