import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const testsIn = (text: string): string[] => [...text.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path);

it('each test that the security model names exists', () => {
  const named = testsIn(page);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('each attacker has a test, or is said not to be stopped', () => {
  const [, table = ''] = page.split('## Attackers');
  const rows = table.split('\n## ')[0]?.match(/^\| (?!the attacker has|-).*$/gm) ?? [];
  expect(rows.length).toBeGreaterThan(12);
  for (const row of rows) {
    const cells = row.split(' | ');
    const shownBy = cells.at(-1) ?? '';
    expect(cells, row).toHaveLength(4);
    expect(testsIn(shownBy).length > 0 || shownBy.startsWith('not defended'), row).toBe(true);
  }
});

it('the page names every hostile story', () => {
  const stories = readdirSync(join(root, 'test/lab/stories')).filter((name) => name.startsWith('hostile-'));
  expect(stories.length).toBeGreaterThan(2);
  expect(testsIn(page)).toEqual(expect.arrayContaining(stories.map((name) => `test/lab/stories/${name}`)));
});
