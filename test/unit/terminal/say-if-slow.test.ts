import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sayIfSlow } from '../../../src/terminal/say-if-slow.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const said: string[] = [];
const context = { note: (text: string) => void said.push(text) };
beforeEach(() => void said.splice(0));

const after = async <T>(ms: number, end: () => T): Promise<T> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return end();
};

it('says it once, while the work goes on for more than two seconds', async () => {
  const work = sayIfSlow(
    context,
    'Working…',
    after(60_000, () => 'done'),
  );
  await vi.advanceTimersByTimeAsync(1_999);
  expect(said).toEqual([]);
  await vi.advanceTimersByTimeAsync(58_001);
  expect(await work).toBe('done');
  expect(said).toEqual(['Working…']);
});

it.each([
  ['is quick', () => 'done'],
  [
    'fails',
    () => {
      throw new Error('no');
    },
  ],
])('says nothing of work that %s', async (_name, end) => {
  const work = sayIfSlow(context, 'Working…', after(1_000, end)).catch(() => 'failed');
  await vi.advanceTimersByTimeAsync(10_000);
  await work;
  expect(said).toEqual([]);
});
