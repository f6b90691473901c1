import { expect, it } from 'vitest';
import { adviceForRecords } from '../../../src/records/unwritable.ts';

it.each([
  ['EROFS', /is read-only.*journalctl -k/],
  ['EIO', /reports errors/],
  ['ENOSPC', /Check the space/],
  ['EDQUOT', /Check the space/],
  ['EACCES', /ls -ld/],
])('%s has advice of its own', (code, words) => {
  const advice = adviceForRecords(Object.assign(new Error(code), { code }));
  expect(advice).toMatch(words);
  if (!['ENOSPC', 'EDQUOT'].includes(code)) expect(advice).not.toContain('Check the space');
});
