import { expect, it } from 'vitest';
import { createClockCheck } from '../../../src/agent/set-clock.ts';

it('sees that the clock was set, in both directions, once; not that time passed or drifted', () => {
  const [day, at] = [86_400_000, { wall: 1_000_000_000, steady: 5 }];
  const wasSet = createClockCheck({ wall: () => at.wall, steady: () => at.steady });
  const pass = (ms: number, setBy = 0): boolean => {
    at.wall += ms + setBy;
    at.steady += ms;
    return wasSet();
  };
  expect(pass(day)).toBe(false);
  expect(pass(60_000, 900)).toBe(false);
  expect(pass(60_000, 400 * day)).toBe(true);
  expect(pass(60_000)).toBe(false);
  expect(pass(60_000, -400 * day)).toBe(true);
});
