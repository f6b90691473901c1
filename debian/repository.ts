/** Writes a signed apt repository: a directory for any web server, or for a file system that stations can read. */
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { execa } from 'execa';
import { architectures } from './architecture.ts';
import { packageName } from './control.ts';

/** The only suite and component: there is one package. */
const [suite, component] = ['stable', 'main'];
const pool = `pool/${component}/${packageName}`;

/** What to write, and where. */
export interface RepositoryOptions {
  /** Packages that are in it already stay. */
  readonly directory: string;
  /** Paths of the packages to add. */
  readonly debs: readonly string[];
  /** The gpg key that signs: fingerprint, key id or address. */
  readonly key: string;
  /** Address under which stations will find the directory. */
  readonly uri: string;
}

/**
 * Adds packages to a repository, or makes a new one. Readers see the old or the new lists.
 * @returns path of `extbackup.sources`, the file for stations, with the public key in it
 * @throws when gpg does not sign with that key
 */
export async function writeRepository({ directory, debs, key, uri }: RepositoryOptions): Promise<string> {
  await mkdir(join(directory, pool), { recursive: true });
  for (const deb of debs) {
    const unfinished = join(directory, pool, `.${basename(deb)}`);
    await copyFile(deb, unfinished);
    await rename(unfinished, join(directory, pool, basename(deb)));
  }
  const work = await mkdtemp(join(directory, '.lists-'));
  try {
    await writeLists(directory, join(work, suite));
    await sign(join(work, suite), key);
    await rm(join(directory, 'dists'), { recursive: true, force: true });
    await rename(work, join(directory, 'dists'));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await execa('chmod', ['-R', 'u=rwX,go=rX', directory]);
  const sources = join(directory, `${packageName}.sources`);
  await writeFile(sources, sourcesFile(uri, await exportKey(key)));
  return sources;
}

/** Packages for each processor, and Release over all of them. */
async function writeLists(directory: string, target: string): Promise<void> {
  const names = Object.keys(architectures);
  for (const name of names) {
    const { stdout } = await execa('apt-ftparchive', ['--arch', name, 'packages', 'pool'], { cwd: resolve(directory) });
    const list = join(target, component, `binary-${name}`);
    await mkdir(list, { recursive: true });
    const text = stdout === '' ? '' : `${stdout}\n`; // apt takes a list that is only an empty line for a broken one
    await writeFile(join(list, 'Packages'), text);
    await writeFile(join(list, 'Packages.gz'), await promisify(gzip)(text, { level: 9 }));
  }
  const fields = {
    Origin: packageName,
    Label: packageName,
    Suite: suite,
    Codename: suite,
    Components: component,
    Architectures: names.join(' '),
    Description: `Packages of ${packageName}`,
  };
  const options = Object.entries(fields).flatMap(([field, value]) => [
    '-o',
    `APT::FTPArchive::Release::${field}=${value}`,
  ]);
  const { stdout } = await execa('apt-ftparchive', [...options, 'release', target]);
  await writeFile(join(target, 'Release'), `${stdout}\n`);
}

async function sign(lists: string, key: string): Promise<void> {
  const gpg = ['--batch', '--yes', '--local-user', key, '--digest-algo', 'SHA512'];
  const release = join(lists, 'Release');
  await execa('gpg', [...gpg, '--clearsign', '--output', join(lists, 'InRelease'), release]);
  await execa('gpg', [...gpg, '--armor', '--detach-sign', '--output', `${release}.gpg`, release]);
}

async function exportKey(key: string): Promise<string> {
  const { stdout } = await execa('gpg', ['--batch', '--armor', '--export', key]);
  if (stdout === '') throw new Error(`gpg knows no key "${key}".`);
  return stdout;
}

/** See sources.list(5) and deb822(5): the lines of the key are a field of several lines. */
function sourcesFile(uri: string, publicKey: string): string {
  const lines = publicKey.split('\n').map((line) => (line === '' ? ' .' : ` ${line}`));
  return `Types: deb
URIs: ${uri}
Suites: ${suite}
Components: ${component}
Signed-By:
${lines.join('\n')}
`;
}
