/** What must be true before a version is published. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { readReleases, type Release } from './changelog.ts';

/** What is known about the source tree. */
export interface ReleaseFacts {
  /** Of package.json. */
  readonly version: string;
  /** Of package-lock.json. */
  readonly lockedVersion: string;
  /** Of CHANGELOG.md, newest first. */
  readonly releases: readonly Release[];
  /** Versions with a tag `vVERSION`. */
  readonly tagged: readonly string[];
  /** Changed or unknown files. */
  readonly changedFiles: readonly string[];
  readonly today: Date;
}

/** Commands that must have passed on the commit that is tagged, and their cost. */
export const testsBeforeRelease: readonly (readonly [command: string, cost: string])[] = [
  ['npm test', '20 minutes'],
  ['npm run test:lab', '40 minutes'],
  ['npm run test:long', 'hours'],
  ['npm run test:properties', '30 minutes'],
  ['npm run test:faults', 'hours'],
];

/** Each fault with its remedy; none if the version can be published. */
export async function faultsOf(facts: ReleaseFacts): Promise<string[]> {
  const { version, lockedVersion, releases, tagged, changedFiles, today } = facts;
  const [newest] = releases;
  const faults: string[] = [];
  if (!/^\d+\.\d+\.\d+$/.test(version)) faults.push(`package.json: "${version}" is not of the form 1.2.3.`);
  if (lockedVersion !== version)
    faults.push(
      `package-lock.json is of version ${lockedVersion}, package.json of ${version}. Type: npm install --package-lock-only`,
    );
  if (newest?.version !== version)
    faults.push(`CHANGELOG.md begins with ${newest?.version ?? 'nothing'}, package.json says ${version}.`);
  else if (newest.changes.length === 0) faults.push(`CHANGELOG.md names no change of ${version}.`);
  const day = today.toISOString().slice(0, 10);
  const written = newest?.date.toISOString().slice(0, 10);
  if (written !== undefined && written !== day)
    faults.push(`CHANGELOG.md says ${written} for ${version}; today is ${day} (UTC).`);
  for (const other of tagged) {
    if (other === version)
      faults.push(
        `${version} is published already: there is a tag v${version}. Raise the version in package.json and CHANGELOG.md.`,
      );
    else if (await isNewer(other, version)) faults.push(`v${other} is published already, and newer than ${version}.`);
  }
  if (changedFiles.length > 0) faults.push(`These files are not committed: ${changedFiles.join(', ')}.`);
  return faults;
}

async function isNewer(version: string, than: string): Promise<boolean> {
  return (await execa('dpkg', ['--compare-versions', version, 'gt', than], { reject: false })).exitCode === 0;
}

/** @param tree the root of a git work tree with the sources */
export async function readReleaseFacts(tree: string, today: Date): Promise<ReleaseFacts> {
  const versionIn = async (file: string): Promise<string> =>
    (JSON.parse(await readFile(join(tree, file), 'utf8')) as { version: string }).version;
  const git = async (...args: string[]): Promise<string[]> =>
    (await execa('git', args, { cwd: tree })).stdout.split('\n').filter((line) => line !== '');
  return {
    version: await versionIn('package.json'),
    lockedVersion: await versionIn('package-lock.json'),
    releases: await readReleases(tree),
    tagged: (await git('tag', '--list', 'v[0-9]*')).map((tag) => tag.slice(1)),
    changedFiles: (await git('status', '--porcelain')).map((line) => line.slice(3)),
    today,
  };
}
