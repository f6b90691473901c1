import { expect, it } from 'vitest';
import { spanUpTo } from '../../../src/commands/parse-span.ts';

it('takes a span with a unit, and none that is nothing or that no date can hold', () => {
  const read = spanUpTo('7d');
  expect(['1s', '30m', '1.5h', '7d'].map(read)).toEqual([1_000, 1_800_000, 5_400_000, 604_800_000]);
  for (const text of ['0s', '0.5s', '8d', '52w', '1000y', '999999999999d', '-1h', '', 'soon'])
    expect(() => read(text)).toThrow('at most 7d');
});
