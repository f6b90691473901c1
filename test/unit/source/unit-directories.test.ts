import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const unit = readFileSync(new URL('../../../systemd/extbackup.service', import.meta.url), 'utf8');

/** The words of all lines of a setting. */
const wordsOf = (setting: string): string[] =>
  [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].flatMap(([, words = '']) => words.split(/\s+/));

it('systemd makes each directory that the agent needs: a missing one would keep it from starting', () => {
  const made = [
    ...wordsOf('RuntimeDirectory').map((name) => `/run/${name}`),
    ...wordsOf('StateDirectory').map((name) => `/var/lib/${name}`),
  ];
  const needed = wordsOf('ReadWritePaths').filter((path) => !path.startsWith('-') && path !== '/mnt');
  expect(needed.length).toBeGreaterThan(2);
  expect(needed.filter((path) => !made.includes(path))).toEqual([]);
});
