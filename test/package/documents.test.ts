import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readReleases } from '../../debian/changelog.ts';
import { readVerbs, type Verb } from '../../debian/command-tree.ts';
import { manualPages, readManual } from '../../debian/manual.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { exitCodes } from '../../src/errors.ts';
import { tool } from './tool.ts';

const root = join(import.meta.dirname, '../..');
let verbs: readonly Verb[];
let manual: Awaited<ReturnType<typeof readManual>>;
let page: string;

beforeAll(async () => {
  verbs = await readVerbs();
  manual = await readManual();
  page = manual.get('extbackup.8') ?? '';
});

describe('the manual', () => {
  test.each(manualPages)('%s is valid mdoc', async (name) => {
    const input = manual.get(name) ?? '';
    const { output } = await tool('mandoc', ['-T', 'lint', '-W', 'warning'], 'mandoc', { input });
    expect(input).toMatch(/^\.Sh NAME$/m);
    expect(input).not.toMatch(/^\.\\" [A-Z]/m); // a list that was not filled in
    expect(output.split('\n').filter((line) => line !== '' && !line.includes('mandoc.db'))).toEqual([]);
  });

  test('reads as text, with every command and option', async () => {
    const { output } = await tool('mandoc', ['-T', 'utf8'], 'mandoc', { input: page });
    const text = output.replace(/.\x08/gu, '');
    const leaves = verbs.filter(({ children }) => children.length === 0);
    expect(leaves.length).toBeGreaterThan(8);
    for (const { name, options } of leaves) {
      expect(text).toMatch(new RegExp(`^ {3}${name}$`, 'm'));
      for (const option of options) expect(text).toMatch(new RegExp(`^ +${option.name}( |$)`, 'm'));
    }
  });

  test.each(['extbackup.8', 'extbackup-events.7'] as const)('%s has every exit code, and no other', (name) => {
    const section = (manual.get(name) ?? '').split('.Sh EXIT STATUS')[1]?.split(/^\.Sh /m)[0] ?? '';
    const told = [...section.matchAll(/^\.It (\d+)$/gm)].map((match) => Number(match[1]));
    expect(told).toEqual(Object.values(exitCodes).sort((a, b) => a - b));
  });

  test('has every event', async () => {
    const source = await readFile(join(root, 'src/bus/events.ts'), 'utf8');
    const events = [...source.matchAll(/^ {2}'([a-z]+:[a-z-]+)':/gm)].map((match) => match[1] ?? '');
    expect(events.length).toBeGreaterThan(20);
    expect(events.filter((event) => manual.get('extbackup-events.7')?.includes(event) !== true)).toEqual([]);
  });
});

test('the changelog begins with the version of the package', async () => {
  const [newest] = await readReleases();
  expect(newest?.version).toBe(packageJson.version);
  expect(newest?.changes.length).toBeGreaterThan(0);
});
