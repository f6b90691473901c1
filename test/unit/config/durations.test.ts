import { expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';

const read = (more: object) =>
  configSchema.safeParse({ source: 'extbackup@backup', key: { derivation: 'sha512' }, ...more });

it.each([
  ['longer than a timer can wait', { usb: { warnAfter: '52w' } }],
  ['no time at all', { pull: { stallTimeout: '0s' } }],
  ['a limit of nothing', { verify: { limit: '0m' } }],
  ['just over the longest', { pull: { stallTimeout: '25d' } }],
])('refuses %s in words', (_name, more) => {
  expect(read(more).error?.issues.map(({ message }) => message)).toEqual(['must be at least 0.1s and at most 24d']);
});

it('refuses an age that no date can hold, and takes the usual ones', () => {
  expect(read({ rotation: { every: '999999999w' } }).error?.issues[0]?.message).toBe('must not be longer than 520w');
  const usual = { pull: { stallTimeout: '24d' }, usb: { warnAfter: '20s' }, rotation: { every: '104w' } };
  expect(read(usual).success).toBe(true);
});
