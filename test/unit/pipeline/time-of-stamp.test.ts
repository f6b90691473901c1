import { describe, expect, it } from 'vitest';
import { clockJumped, timeOfStamp } from '../../../src/pipeline/run-time.ts';

const last = '2026-11-30T12:00:00.000Z';
const hour = 3_600_000;
const day = 24 * hour;
const after = (ms: number): Date => new Date(Date.parse(last) + ms);

describe('the time of LABEL', () => {
  it.each([
    ['the clock goes on', 1, 0, 1],
    ['the clock is right after a jump ahead was corrected', 5 * day, 0, 5 * day],
    ['the clock is an hour behind, after a power cut', -hour, 0, 0],
    ['the clock is behind by nearly a day', -day + 1, 0, 0],
    ['the time before was wrong by years', -400 * day, 0, -400 * day],
    ['the clock jumped back by ten days, one day after the last run', -9 * day, -10 * day, day],
    ['the clock jumped back, and nothing is known of the time since', -9 * day, -8 * day, 0],
    ['the clock jumped ahead', 3_650 * day, 3_650 * day, 3_650 * day],
  ])('when %s', (_case, now, jumpMs, expected) => {
    expect(timeOfStamp(after(now), last, { jumpMs })).toEqual(after(expected));
  });

  it('is the clock at the first run', () => {
    expect(timeOfStamp(after(-day), null, { jumpMs: 0 })).toEqual(after(-day));
  });
});

it('names the jump of a clock as people say it', () => {
  expect(clockJumped(3653 * day).reason).toContain('jumped ahead by 3653 days,');
  expect(clockJumped(-1.5 * day).reason).toContain('jumped back by 36 h,');
});
