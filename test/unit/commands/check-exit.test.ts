import { afterEach, expect, it, vi } from 'vitest';
import { main } from '../../../src/cli.ts';

afterEach(() => vi.restoreAllMocks());

it('a wrong option of check is unknown to a monitoring system, not critical', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await main(['check', '--frobnicate'])).toBe(3);
  expect(await main(['history', '--frobnicate'])).toBe(2);
});

it.each([
  [['restore', 'BACKUP_1', 'letters', '--to', ''], 'The value of --to is empty.'],
  [['drill', '--to='], 'The value of --to is empty.'],
  [['--config', '', 'status'], 'The value of --config is empty.'],
  [['verify', ''], 'An argument is empty.'],
])('an empty value, as of a variable that is not set, is refused: %j', async (argv, words) => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await main(argv)).toBe(2);
  expect(said.mock.calls.join('')).toContain(words);
});

it('the help of check is no trouble', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await main(['check', '--help'])).toBe(0);
});
