import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBatches, type Finish } from '../../../src/system/batches.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Batches that end when they are told to; each task is answered by its capital letter. */
function someBatches() {
  const begun: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const finishes: Finish<string>[] = [];
  const give = createBatches<string, string>(
    (tasks, finish) =>
      new Promise((resolve, reject) => {
        begun.push(tasks.join(''));
        finishes.push(finish);
        ends.push((error) => {
          if (error) reject(error);
          else resolve(tasks.map((task) => task.toUpperCase()));
        });
      }),
    { gatherMs: 50, most: 2, patienceMs: 1_000 },
  );
  return { begun, ends, finishes, give };
}

it('does tasks of the same moment together, and gives each its own result', async () => {
  const { begun, ends, give } = someBatches();
  const results = ['a', 'b', 'c'].map(give);
  await vi.advanceTimersByTimeAsync(50);
  expect(begun).toEqual(['abc']);
  const later = give('d');
  await vi.advanceTimersByTimeAsync(50);
  expect(begun).toEqual(['abc', 'd']);
  for (const end of ends) end();
  expect(await Promise.all([...results, later])).toEqual(['A', 'B', 'C', 'D']);
});

it('gathers what comes while as many batches as allowed are at work', async () => {
  const { begun, ends, give } = someBatches();
  const results: Promise<string>[] = [];
  for (const task of ['a', 'b', 'c', 'd']) {
    results.push(give(task));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(begun).toEqual(['a', 'b']);
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(50);
  expect(begun).toEqual(['a', 'b', 'cd']);
  for (const end of ends) end();
  expect(await Promise.all(results)).toEqual(['A', 'B', 'C', 'D']);
});

it('gives a task its result while others of its batch go on, whatever becomes of them', async () => {
  const { ends, finishes, give } = someBatches();
  const [quick, slow] = ['a', 'b'].map(give);
  await vi.advanceTimersByTimeAsync(50);
  finishes[0]?.(0, 'done');
  expect(await quick).toBe('done');
  ends[0]?.(new Error('no'));
  await expect(slow).rejects.toThrow('no');
});

it('lets a batch begin without a turn when the others hang', async () => {
  const { begun, give } = someBatches();
  for (const task of ['a', 'b', 'c']) {
    void give(task);
    await vi.advanceTimersByTimeAsync(100);
  }
  await vi.advanceTimersByTimeAsync(1_000);
  expect(begun).toEqual(['a', 'b', 'c']);
});

it('fails each task of a batch that fails, and goes on with the next one', async () => {
  const { begun, ends, give } = someBatches();
  const results = Promise.allSettled(['a', 'b'].map(give));
  await vi.advanceTimersByTimeAsync(50);
  ends[0]?.(new Error('no'));
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = give('c');
  await vi.advanceTimersByTimeAsync(50);
  expect(begun).toEqual(['ab', 'c']);
  ends[1]?.();
  expect(await next).toBe('C');
});
