import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDeb } from '../../../debian/deb.ts';
import { root } from '../../../debian/root.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-reproducible-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A copy of the source tree with other times and, for the sources, other modes. */
async function copyOfSource(to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of (await readdir(root)).filter((entry) => !/^(\.git|out|coverage|node_modules|test)$/.test(entry)))
    await cp(join(root, name), join(to, name), { recursive: true });
  // Links to the same files: esbuild would look through one symbolic link, back to the first path.
  const modules = join(root, 'node_modules');
  await execa('cp', ['-al', modules, to]).catch(() => execa('cp', ['-a', '--reflink=auto', modules, to]));
  for (const script of ['preinst', 'postinst', 'prerm', 'postrm']) await chmod(join(to, 'debian', script), 0o600);
}

test('two builds of the same source on two paths, by two different users, give the same bytes', async () => {
  const first = await buildDeb(join(directory, 'out'));
  const elsewhere = join(directory, 'a longer path/with spaces/source');
  await copyOfSource(elsewhere);
  const build = 'umask 077; exec "$0" node_modules/tsx/dist/cli.mjs debian/build-deb.ts';
  const { stdout } = await execa('sh', ['-c', build, process.execPath], {
    cwd: elsewhere,
    env: { TZ: 'Pacific/Auckland', LC_ALL: 'C', HOME: join(directory, 'home'), TMPDIR: directory },
  });
  expect(stdout).toBe(join(elsewhere, 'out', basename(first)));
  expect(await checksumsIn(stdout)).toEqual(await checksumsIn(first)); // tells which file differs
  expect((await readFile(stdout)).equals(await readFile(first))).toBe(true);
});

/** The lines of md5sums. */
async function checksumsIn(deb: string): Promise<string[]> {
  return (await execa('dpkg-deb', ['--info', deb, 'md5sums'])).stdout.split('\n');
}

test('the time of the files is that of the sources, or the one that is asked for', async () => {
  const { stdout } = await execa(
    process.execPath,
    ['node_modules/tsx/dist/cli.mjs', 'debian/build-deb.ts', '--suffix', '~test'],
    { cwd: join(directory, 'a longer path/with spaces/source'), env: { SOURCE_DATE_EPOCH: '86400', TZ: 'UTC' } },
  );
  expect(basename(stdout)).toMatch(/^extbackup_[\d.]+~test_/);
  const { stdout: contents } = await execa('dpkg-deb', ['--contents', stdout], { env: { TZ: 'UTC' } });
  const times = contents.split('\n').map((line) => line.split(/\s+/).slice(3, 5).join(' '));
  expect([...new Set(times)]).toEqual(['1970-01-02 00:00']);
});
