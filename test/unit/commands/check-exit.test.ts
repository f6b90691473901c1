import { afterEach, expect, it, vi } from 'vitest';
import { main } from '../../../src/cli.ts';

afterEach(() => vi.restoreAllMocks());

it('a wrong option of check is unknown to a monitoring system, not critical', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await main(['check', '--frobnicate'])).toBe(3);
  expect(await main(['history', '--frobnicate'])).toBe(2);
});

it('the help of check is no trouble', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await main(['check', '--help'])).toBe(0);
});
