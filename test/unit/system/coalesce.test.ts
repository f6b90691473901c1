import { expect, it } from 'vitest';
import { coalesce } from '../../../src/system/coalesce.ts';

it('serves a call that came while a failing one was going on', async () => {
  let round = 0;
  const errors: unknown[] = [];
  let fail: (error: Error) => void = () => undefined;
  const call = coalesce(
    () => {
      round += 1;
      return round === 1 ? new Promise((_resolve, reject) => (fail = reject)) : Promise.resolve();
    },
    (error) => errors.push(error),
  );
  call();
  call();
  call();
  fail(new Error('once'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([new Error('once')]);
  expect(round).toBe(2);
  call();
  await new Promise((resolve) => setImmediate(resolve));
  expect(round).toBe(3);
});
