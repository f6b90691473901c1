import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { preparedPackage } from './prepared-package.ts';
import { tool } from './tool.ts';

/** The real dpkg, with a root directory and a database of its own, upgrades the package and refuses to downgrade it. */
let directory: string;
let root: string;
let older: string;
let newer: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-dpkg-'));
  root = join(directory, 'root');
  for (const path of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'var/lib/extbackup'])
    await mkdir(join(root, path), { recursive: true });
  for (const name of ['status', 'available']) await writeFile(join(root, 'var/lib/dpkg', name), '');
  await mkdir(join(directory, 'bin'));
  for (const name of ['systemd-sysusers', 'deb-systemd-helper', 'deb-systemd-invoke', 'systemctl']) {
    await writeFile(join(directory, 'bin', name), '#!/bin/sh\n');
    await chmod(join(directory, 'bin', name), 0o755);
  }
  older = await preparedPackage();
  newer = await preparedPackage({ suffix: '+1' });
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

const dpkg = (...args: readonly string[]) =>
  tool(
    'dpkg',
    [`--root=${root}`, '--force-script-chrootless', '--force-depends', '--force-not-root', ...args],
    'dpkg',
    {
      env: { PATH: `${join(directory, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' },
    },
  );
const present = async (): Promise<string> => {
  const { stdout } = await execa('dpkg-query', [
    `--admindir=${join(root, 'var/lib/dpkg')}`,
    '-W',
    '-f',
    '${Version} ${Status}',
  ]);
  const { stdout: files } = await execa(
    'sh',
    ['-c', 'find usr etc -type f ! -name "*.cache" -exec md5sum {} + | sort | md5sum'],
    {
      cwd: root,
    },
  );
  return `${stdout} ${files}`;
};

/** What postinst wrote beside the program: the part of each name after that of the program. */
const codeCaches = async (): Promise<string[]> =>
  (await readdir(join(root, 'usr/lib/extbackup')))
    .filter((name) => /\.cache/.test(name))
    .map((name) => name.replace(/^program-\w+\.js\./, ''))
    .sort();

test('an upgrade goes through, a downgrade changes nothing, and after a removal the older one can be installed', async () => {
  const first = await dpkg('--install', older);
  expect(first.exitCode, first.output).toBe(0);
  expect(await codeCaches()).toEqual(['jit.cache', 'jitless.cache']);
  const upgraded = await dpkg('--install', newer);
  expect(upgraded.exitCode, upgraded.output).toBe(0);
  const before = await present();
  expect(before).toMatch(new RegExp(`^${packageJson.version}\\+1 install ok installed `));

  const refused = await dpkg('--install', older);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toContain(
    `extbackup: not installed, and nothing was changed: version ${packageJson.version}+1 is installed, and ${packageJson.version} is older.`,
  );
  expect(await present()).toBe(before);

  expect(await codeCaches()).toEqual(['jit.cache', 'jitless.cache']);
  const removed = await dpkg('--remove', 'extbackup');
  expect(removed.exitCode, removed.output).toBe(0);
  await expect(readdir(join(root, 'usr/lib/extbackup'))).rejects.toThrow('ENOENT');
  const again = await dpkg('--install', older);
  expect(again.exitCode, again.output).toBe(0);
});

test('a package is not even unpacked where records are of a format that its program does not know', async () => {
  const noted = join(root, 'var/lib/extbackup/format.json');
  await writeFile(noted, '{"format":99,"writtenBy":"9.0.0"}\n');
  const before = await present();
  const refused = await dpkg('--install', newer);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toContain('the records in /var/lib/extbackup are of format 99');
  expect(await present()).toBe(before);
  expect(await readFile(noted, 'utf8')).toContain('99');
});
