/** Builds the Debian package with dpkg-deb alone; the same source gives the same bytes. */
import { createHash } from 'node:crypto';
import { chmod, lutimes, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { hostArchitecture, type Architecture } from './architecture.ts';
import { readReleases } from './changelog.ts';
import { controlFile, packageName } from './control.ts';
import { layOutTree, type PackageFacts } from './deb-tree.ts';
import { maintainerScript, maintainerScripts } from './maintainer-scripts.ts';
import { root } from './root.ts';

/** Which package to build. */
export interface Variant {
  /** Default: that of this machine. */
  readonly architecture?: Architecture;
  /** Added to the version, such as `+git20261130` or `~rc1`; see deb-version(7). */
  readonly suffix?: string;
}

/**
 * Builds the package.
 * @param directory target
 * @returns path of the .deb
 * @throws when CHANGELOG.md does not begin with the version of package.json
 */
export async function buildDeb(directory: string, variant: Variant = {}): Promise<string> {
  const facts = await factsOf(variant);
  await mkdir(directory, { recursive: true });
  const deb = join(directory, `${packageName}_${facts.version}_${facts.architecture}.deb`);
  const unfinished = `${deb}.${process.pid}`;
  const tree = await mkdtemp(join(tmpdir(), 'extbackup-deb-'));
  const seconds = facts.time.getTime() / 1000;
  try {
    await chmod(tree, 0o755);
    await layOutTree(tree, facts);
    await addControl(tree, facts);
    await normalise(tree, seconds);
    // One thread: the number of threads changes the bytes.
    await execa('dpkg-deb', ['--root-owner-group', '-Zxz', '--threads-max=1', '--build', tree, unfinished], {
      env: { SOURCE_DATE_EPOCH: String(seconds) },
      stdout: 'ignore',
    });
    await rename(unfinished, deb); // a concurrent installation sees the old package or the new one
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
  return deb;
}

async function factsOf({ architecture = hostArchitecture(), suffix = '' }: Variant): Promise<PackageFacts> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const releases = await readReleases();
  const newest = releases[0];
  if (newest?.version !== version)
    throw new Error(`CHANGELOG.md begins with ${newest?.version ?? 'nothing'}, package.json says ${version}.`);
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  const full = `${version}${suffix}`;
  return {
    version: full,
    architecture,
    releases: [{ ...newest, version: full }, ...releases.slice(1)],
    time: epoch === undefined ? newest.date : new Date(Number(epoch) * 1000),
  };
}

async function addControl(tree: string, { version, architecture }: PackageFacts): Promise<void> {
  const files = await filesBelow(tree);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const kib = sizes.reduce((sum, size) => sum + Math.ceil(size / 1024), 0);
  const sums = await Promise.all(
    files.map(
      async (file) =>
        `${createHash('md5')
          .update(await readFile(file))
          .digest('hex')}  ${relative(tree, file)}\n`,
    ),
  );
  const control = join(tree, 'DEBIAN');
  await mkdir(control);
  await writeFile(join(control, 'control'), controlFile(version, architecture, kib));
  await writeFile(join(control, 'md5sums'), sums.join(''));
  const conffiles = files.map((file) => `/${relative(tree, file)}\n`).filter((file) => file.startsWith('/etc/'));
  if (conffiles.length > 0) await writeFile(join(control, 'conffiles'), conffiles.join(''));
  // The code cache fits one version of Node.js; see postinst, and deb-triggers(5).
  await writeFile(join(control, 'triggers'), 'interest-noawait /usr/bin/node\n');
  for (const name of maintainerScripts) {
    await writeFile(join(control, name), await maintainerScript(name, version));
    await chmod(join(control, name), 0o755);
  }
}

/** Regular files, sorted. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Modes and times that do not depend on the builder and the time. */
async function normalise(tree: string, seconds: number): Promise<void> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
    await lutimes(path, seconds, seconds);
  }
  await lutimes(tree, seconds, seconds);
}
