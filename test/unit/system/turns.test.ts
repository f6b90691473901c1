import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTurns } from '../../../src/system/turns.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Works that end when they are told to, and the numbers of those that have begun. */
function someWorks(most: number, patienceMs: number, count: number) {
  const inTurn = createTurns(most, patienceMs);
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const results = Array.from({ length: count }, (_, number) =>
    inTurn(
      () =>
        new Promise<number>((resolve, reject) => {
          begun.push(number);
          ends[number] = (error) => {
            if (error) reject(error);
            else resolve(number);
          };
        }),
    ),
  );
  return { begun, ends, results };
}

it('begins only some at once, and the others in their order', async () => {
  const { begun, ends, results } = someWorks(2, 1_000, 5);
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual([0, 1]);
  ends[1]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.(new Error('no'));
  await expect(results[0]).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[2]?.();
  await vi.advanceTimersByTimeAsync(0);
  for (const end of ends) end();
  expect(await Promise.all(results.slice(1))).toEqual([1, 2, 3, 4]);
});

it('lets nobody wait for works that hang longer than the patience, and counts them correctly afterwards', async () => {
  const { begun, ends } = someWorks(2, 1_000, 4);
  await vi.advanceTimersByTimeAsync(999);
  expect(begun).toEqual([0, 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[3]?.(); // it had no turn to give back
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
});
