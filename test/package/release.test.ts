import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { faultsOf, readReleaseFacts, testsBeforeRelease } from '../../debian/release.ts';
import { root } from '../../debian/root.ts';
import packageJson from '../../package.json' with { type: 'json' };

let tree: string;

beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), 'extbackup-release-'));
  await cp(join(root, 'package.json'), join(tree, 'package.json'));
  await writeFile(join(tree, 'package-lock.json'), JSON.stringify({ version: packageJson.version }));
  await writeFile(join(tree, 'CHANGELOG.md'), `# Changelog\n\n## ${packageJson.version} (2026-12-24)\n\n- A change.\n`);
  await git('init', '-q', '-b', 'main');
  await commit();
});
afterEach(() => rm(tree, { recursive: true, force: true }));

const git = (...args: string[]) =>
  execa('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.org', ...args], { cwd: tree });
async function commit(): Promise<void> {
  await git('add', '-A');
  await git('commit', '-q', '-m', 'state');
}
const change = async (file: string, from: RegExp, to: string): Promise<void> =>
  writeFile(join(tree, file), (await readFile(join(tree, file), 'utf8')).replace(from, to));
const faults = async (): Promise<string[]> => faultsOf(await readReleaseFacts(tree, new Date('2026-12-24T23:00:00Z')));

test('a committed tree whose versions fit can be published', async () => {
  await git('tag', 'v0.0.9');
  expect(await faults()).toEqual([]);
});

test.each([
  ['package-lock.json', /"version":"[^"]*"/, '"version":"9.9.9"', /^package-lock\.json is of version 9\.9\.9/],
  ['CHANGELOG.md', /## \S+/, '## 9.9.9', /^CHANGELOG\.md begins with 9\.9\.9, package\.json says /],
  ['CHANGELOG.md', /2026-12-24/, '2026-12-23', /^CHANGELOG\.md says 2026-12-23 .*; today is 2026-12-24/],
  ['CHANGELOG.md', /- A change\.\n/, '', /^CHANGELOG\.md names no change/],
])('not when %s differs: %s -> %s', async (file, from, to, expected) => {
  await change(file, from, to);
  await commit();
  expect(await faults()).toEqual([expect.stringMatching(expected)]);
});

test('not with a file that is not committed, and not twice, and nothing older', async () => {
  await writeFile(join(tree, 'new'), '');
  expect(await faults()).toEqual(['These files are not committed: new.']);
  await commit();
  await git('tag', `v${packageJson.version}`);
  expect(await faults()).toEqual([expect.stringContaining(`there is a tag v${packageJson.version}`)]);
  await git('tag', 'v99.0.0');
  expect(await faults()).toContainEqual(`v99.0.0 is published already, and newer than ${packageJson.version}.`);
});

test('the tests that it names are scripts of package.json', () => {
  const scripts = testsBeforeRelease.map(([command]) => command.replace(/^npm (run )?/, ''));
  expect(scripts.filter((script) => !Object.hasOwn(packageJson.scripts, script))).toEqual([]);
});
