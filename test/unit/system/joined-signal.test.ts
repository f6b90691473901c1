import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { joinSignals, withJoinedSignal } from '../../../src/system/joined-signal.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a joined signal', () => {
  it('is aborted with the first of its sources, with its reason', () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const { signal, isLate } = joinSignals([one.signal, other.signal], 1_000);
    expect(signal.aborted).toBe(false);
    other.abort('enough');
    expect([signal.aborted, signal.reason, isLate()]).toEqual([true, 'enough', false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is aborted after its time, and says so', () => {
    const { signal, isLate } = joinSignals([new AbortController().signal], 1_000);
    vi.advanceTimersByTime(999);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect([signal.aborted, isLate()]).toEqual([true, true]);
  });

  it('is aborted at once by a source that was', () => {
    expect(joinSignals([AbortSignal.abort()]).signal.aborted).toBe(true);
  });

  it('lets go of its sources at the end of the work, also of a failed one', async () => {
    const source = new AbortController();
    const removed = vi.spyOn(source.signal, 'removeEventListener');
    const failing = withJoinedSignal([source.signal], 1_000, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(removed).toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
