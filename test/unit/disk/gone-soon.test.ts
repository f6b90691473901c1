import { expect, it } from 'vitest';
import { staysThere, waitOnceForRemoval } from '../../../src/disk/gone-soon.ts';

const { signal } = new AbortController();

it('sees a disk go that the kernel removes only moments later', async () => {
  let looks = 3;
  expect(await staysThere(() => Promise.resolve(looks-- > 0), signal, 5_000)).toBe(false);
});

it('waits no longer than its patience, and not at all when cancelled', async () => {
  const begin = performance.now();
  expect(await staysThere(() => Promise.resolve(true), signal, 300)).toBe(true);
  expect(await staysThere(() => Promise.resolve(true), AbortSignal.abort(), 60_000)).toBe(true);
  expect(performance.now() - begin).toBeLessThan(3_000);
});

it('waits only once for all errors of a command', async () => {
  let looks = 0;
  const stays = waitOnceForRemoval(() => Promise.resolve((looks += 1) > 0), signal, 300);
  expect(await stays()).toBe(true);
  expect(looks).toBeGreaterThan(1);
  looks = 0;
  expect(await stays()).toBe(true);
  expect(looks).toBe(1);
});
