import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPullLimits } from '../../../src/rsync/pull-limits.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a pull', () => {
  it('is ended when it takes too long, and not before', () => {
    const limits = createPullLimits(1_000);
    limits.begin();
    vi.advanceTimersByTime(999);
    expect(limits.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect([limits.signal.aborted, limits.reached()]).toEqual([true, 'too-long']);
  });

  it('that has ended is not ended again', () => {
    const limits = createPullLimits(1_000);
    limits.begin();
    limits.stop();
    vi.advanceTimersByTime(9_000);
    expect(limits.reached()).toBeUndefined();
  });

  it('is ended when there are more words than a server has to say', () => {
    const limits = createPullLimits(1_000);
    for (let line = 0; line < 4_000; line += 1) limits.heard('x'.repeat(999), false);
    expect(limits.reached()).toBeUndefined();
    for (let line = 0; line < 1_000; line += 1) limits.heard('x'.repeat(999), false);
    expect([limits.signal.aborted, limits.reached()]).toEqual([true, 'flood']);
  });

  it('may tell of the progress of many files', () => {
    const limits = createPullLimits(1_000);
    for (let line = 0; line < 1_000_000; line += 1)
      limits.heard('          1,000  50%   10.00MB/s    0:00:01 (xfr#1, to-chk=1/2)', true);
    expect(limits.reached()).toBeUndefined();
  });
});
