import { expect, it } from 'vitest';
import { CancelledError, KeyError, UsageError } from '../../../src/errors.ts';
import { threeTries, untilRight } from '../../../src/terminal/three-tries.ts';

/** Ends as each of the steps in turn, and counts the calls. */
function attempts(...steps: (Error | string)[]) {
  let calls = 0;
  return {
    calls: () => calls,
    attempt: (): Promise<string> => {
      const step = steps[calls] ?? 'too many calls';
      calls += 1;
      return step instanceof Error ? Promise.reject(step) : Promise.resolve(step);
    },
  };
}
const slip = new UsageError('It is not a name.', 'Give one.');
const wrong = new KeyError('EXB_KEY_REJECTED', 'It is wrong.', 'Try.');

it.each([
  ['the first answer', ['good'], 'good', 1],
  ['the third answer', [slip, slip, 'good'], 'good', 3],
  ['three slips', [slip, slip, slip, 'late'], slip, 3],
  ['Ctrl-C', [slip, new CancelledError('Cancelled.', ''), 'late'], 'Cancelled.', 2],
  ['a bug', [new Error('a bug'), 'late'], 'a bug', 1],
] as const)('three tries end with %s', async (_, steps, end, calls) => {
  const said: string[] = [];
  const tried = attempts(...steps);
  const done = threeTries(tried.attempt, undefined, (text) => said.push(text));
  if (end === 'good') expect(await done).toBe('good');
  else await expect(done).rejects.toThrow(end instanceof Error ? end.message : end);
  expect(tried.calls()).toBe(calls);
  expect(said).toEqual(steps.slice(0, calls - 1).map(() => 'It is not a name. Try again.'));
});

it('a wrong password is asked for again at a terminal only, and not once it was right', async () => {
  const piped = attempts(wrong, 'good');
  await expect(untilRight(true, piped.attempt)).rejects.toBe(wrong);
  expect(await untilRight(false, attempts(wrong, wrong, 'good').attempt)).toBe('good');
  await expect(untilRight(false, attempts(wrong, 'good').attempt, () => false)).rejects.toBe(wrong);
});
