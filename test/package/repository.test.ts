import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { writeRepository } from '../../debian/repository.ts';
import { root } from '../../debian/root.ts';
import { preparedPackage } from './prepared-package.ts';
import { tool } from './tool.ts';

const name = 'extbackup packages <packages@example.org>';
let directory: string;
let repository: string;
let station: string;
let deb: string;
let homeBefore: string | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-repository-'));
  homeBefore = process.env['GNUPGHOME'];
  process.env['GNUPGHOME'] = join(directory, 'gnupg');
  await mkdir(process.env['GNUPGHOME'], { mode: 0o700 });
  const made = await tool(
    'gpg',
    ['--batch', '--passphrase', '', '--quick-generate-key', name, 'ed25519', 'sign', '1d'],
    'gpg',
  );
  expect(made.exitCode, made.output).toBe(0);
  deb = await preparedPackage({ architecture: 'amd64' });
}, 120_000);
afterAll(async () => {
  await execa('gpgconf', ['--kill', 'all'], { reject: false });
  if (homeBefore === undefined) delete process.env['GNUPGHOME'];
  else process.env['GNUPGHOME'] = homeBefore;
  await rm(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  repository = await mkdtemp(join(directory, 'repository-'));
  station = await mkdtemp(join(directory, 'station-'));
  await write([deb]);
});

const write = (debs: readonly string[]): Promise<string> =>
  writeRepository({ directory: repository, debs, key: 'packages@example.org', uri: `file:${repository}` });

/** apt with directories of its own, the repository's file as its only source, and no network. */
async function apt(...args: readonly string[]): Promise<{ exitCode: number | undefined; output: string }> {
  const sources = join(station, 'sources');
  for (const path of [sources, join(station, 'state/lists/partial'), join(station, 'cache/archives/partial')])
    await mkdir(path, { recursive: true });
  await cp(join(repository, 'extbackup.sources'), join(sources, 'extbackup.sources'));
  const options = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': sources,
    'Dir::Etc::trusted': '/dev/null',
    'Dir::Etc::trustedparts': '/nothing',
    'Dir::State': join(station, 'state'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(station, 'cache'),
    'APT::Sandbox::User': 'root',
    'APT::Architecture': 'amd64',
    'Acquire::Languages': 'none',
  };
  const { exitCode, all } = await execa(
    'apt-get',
    [...Object.entries(options).flatMap(([option, value]) => ['-o', `${option}=${value}`]), ...args],
    { all: true, reject: false, cwd: station, env: { LC_ALL: 'C' } },
  );
  return { exitCode, output: all };
}

test('apt trusts it by its file alone, and gets the very package from it', async () => {
  const updated = await apt('update', '--error-on=any');
  expect(updated.exitCode, updated.output).toBe(0);
  const got = await apt('download', 'extbackup');
  expect(got.exitCode, got.output).toBe(0);
  const [file = ''] = (await readdir(station)).filter((entry) => entry.endsWith('.deb'));
  expect((await readFile(join(station, file))).equals(await readFile(deb))).toBe(true);
});

test.each([
  ['the lists', 'dists/stable/main/binary-amd64/Packages', /Hash Sum mismatch|unexpected size/],
  ['what is signed', 'dists/stable/InRelease', /invalid|BADSIG|bad signature|not signed/i],
])('apt refuses it when somebody changed %s', async (_, path, why) => {
  const file = join(repository, path);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('extbackup', 'extbacKup'));
  await rm(join(repository, 'dists/stable/main/binary-amd64/Packages.gz'));
  const { exitCode, output } = await apt('update', '--error-on=any');
  expect(exitCode).not.toBe(0);
  expect(output).toMatch(why);
});

test('apt refuses it when somebody changed the package', async () => {
  expect((await apt('update', '--error-on=any')).exitCode).toBe(0);
  const file = join(repository, 'pool/main/extbackup', deb.replace(/^.*\//, ''));
  const content = await readFile(file);
  content[content.length - 100] = ~(content[content.length - 100] ?? 0) & 0xff;
  await writeFile(file, content);
  const { exitCode, output } = await apt('download', 'extbackup');
  expect(exitCode).not.toBe(0);
  expect(output).toMatch(/Hash Sum mismatch/);
});

test('a package that is added later is beside the older one, and apt takes the newer one', async () => {
  await write([await preparedPackage({ architecture: 'amd64', suffix: '+1' })]);
  expect((await apt('update', '--error-on=any')).exitCode).toBe(0);
  expect((await apt('download', 'extbackup')).exitCode).toBe(0);
  expect((await readdir(station)).find((entry) => entry.endsWith('.deb'))).toMatch(/_[\d.]+%2b1_amd64|\+1_amd64/);
  expect(await readdir(join(repository, 'pool/main/extbackup'))).toHaveLength(2);
  expect((await readdir(repository)).sort()).toEqual(['dists', 'extbackup.sources', 'pool']);
});

test('a key that gpg does not know leaves the repository as it was', async () => {
  const before = await readFile(join(repository, 'dists/stable/InRelease'), 'utf8');
  await expect(
    writeRepository({ directory: repository, debs: [], key: 'other@example.org', uri: 'file:/x' }),
  ).rejects.toThrow(/other@example\.org/);
  expect(await readFile(join(repository, 'dists/stable/InRelease'), 'utf8')).toBe(before);
  expect((await readdir(repository)).sort()).toEqual(['dists', 'extbackup.sources', 'pool']);
});

test('without a key the command says how to make one', async () => {
  const { exitCode, stderr } = await execa(
    process.execPath,
    ['node_modules/tsx/dist/cli.mjs', 'debian/build-repository.ts'],
    { cwd: root, reject: false },
  );
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/only a signed repository\.\n[^]*gpg --quick-generate-key/);
});
