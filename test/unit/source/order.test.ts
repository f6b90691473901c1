import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const order = JSON.parse(readFileSync(new URL('src/order.json', root), 'utf8')) as string[];

it('names every folder of src in the order that the lint enforces', () => {
  const folders = readdirSync(new URL('src/', root), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual([...order].sort());
});

it('shows the same order in the architecture page', () => {
  const page = readFileSync(new URL('docs/architecture.md', root), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z]+)\/` \|/gm)].map((row) => row[1]);
  expect(rows).toEqual(order);
});

it('keeps tests in folders of the same names', () => {
  for (const suite of ['unit', 'integration']) {
    const folders = readdirSync(new URL(`test/${suite}/`, root));
    const others = ['bench', 'documents', 'package', 'properties', 'soak', 'source', 'udev-rule'];
    expect(folders.filter((name) => !order.includes(name) && !others.includes(name))).toEqual([]);
  }
});
