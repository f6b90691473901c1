import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'test/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
/** Trees of this repository; other paths in the pages are those of a station. */
const inRepository = /^(src|test|docs|systemd|udev|debian)\//;

/** Paths that a page names between backticks; with a `*` or `<` it is a pattern. */
const namedIn = (text: string): string[] =>
  [...text.matchAll(/`([^`\s]+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => inRepository.test(name) && !/[*<>]/.test(name));

/** Targets of links that lead to no other site. */
const linkedIn = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

const scriptsIn = (text: string): string[] => [...text.matchAll(/npm run ([a-z0-9:-]+)/g)].map(([, name = '']) => name);

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  it('names only files that exist', () => {
    expect(namedIn(text).filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  it('links only to files that exist', () => {
    expect(linkedIn(text).filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it('names only scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    expect(scriptsIn(text).filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('finds paths, links and scripts', () => {
  expect(namedIn('see `src/a.ts`, `src/run/`, `test/*.test.ts`, `/etc/x` and `docs/x.md`')).toEqual([
    'src/a.ts',
    'src/run/',
    'docs/x.md',
  ]);
  expect(linkedIn('[a](b.md#c) [d](https://e.org)')).toEqual(['b.md']);
  expect(scriptsIn('`npm run test:long -- x`')).toEqual(['test:long']);
});
