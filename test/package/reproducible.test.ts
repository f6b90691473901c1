import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { buildDeb } from '../../debian/deb.ts';
import { root } from '../../debian/root.ts';
import { preparedPackage } from './prepared-package.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-reproducible-'));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A copy of the source tree with other times and, for the sources, other modes. */
async function copyOfSource(to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of (await readdir(root)).filter((entry) => !/^(\.git|out|coverage|node_modules|test)$/.test(entry)))
    await cp(join(root, name), join(to, name), { recursive: true });
  await mkdir(join(to, 'node_modules'));
  for (const script of ['preinst', 'postinst', 'prerm', 'postrm']) await chmod(join(to, 'debian', script), 0o600);
}

/** `npm run package` in the copy. @returns path of the .deb */
async function buildThere(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<string> {
  // A mount that nobody else sees: esbuild would look through a symbolic link, back to the first path.
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const build =
    'mount --bind "$1" node_modules; umask 077; exec "$0" node_modules/tsx/dist/cli.mjs debian/build-deb.ts "${@:2}"';
  const inOwnMounts = [...asRoot, '--mount', 'bash', '-ec', build, process.execPath, join(root, 'node_modules')];
  const { stdout } = await execa('unshare', [...inOwnMounts, ...args], { cwd: elsewhere(), env });
  return stdout;
}

const elsewhere = (): string => join(directory, 'a longer path/with spaces/source');

test('two builds of the same source on two paths, by two different users, give the same bytes', async () => {
  const first = await preparedPackage({ suffix: '+1' });
  await copyOfSource(elsewhere());
  const second = await buildThere(
    { TZ: 'Pacific/Auckland', LC_ALL: 'C', HOME: join(directory, 'home'), TMPDIR: directory },
    ...['--suffix', '+1'],
  );
  expect(second).toBe(join(elsewhere(), 'out', basename(first)));
  expect(await checksumsIn(second)).toEqual(await checksumsIn(first)); // tells which file differs
  expect((await readFile(second)).equals(await readFile(first))).toBe(true);
}, 300_000);

/** The lines of md5sums. */
async function checksumsIn(deb: string): Promise<string[]> {
  return (await execa('dpkg-deb', ['--info', deb, 'md5sums'])).stdout.split('\n');
}

test('the time of the files is that of the sources, or the one that is asked for', async () => {
  vi.stubEnv('SOURCE_DATE_EPOCH', '86400');
  const deb = await buildDeb(join(directory, 'dated'), { suffix: '~test' });
  expect(basename(deb)).toMatch(/^extbackup_[\d.]+~test_/);
  const { stdout: contents } = await execa('dpkg-deb', ['--contents', deb], { env: { TZ: 'UTC' } });
  const times = contents.split('\n').map((line) => line.split(/\s+/).slice(3, 5).join(' '));
  expect([...new Set(times)]).toEqual(['1970-01-02 00:00']);
});
