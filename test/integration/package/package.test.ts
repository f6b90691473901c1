import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDeb } from '../../../debian/deb.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { tool } from './tool.ts';

let directory: string;
let deb: string;
let installed: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-package-'));
  deb = await buildDeb(join(directory, 'first'));
  installed = join(directory, 'installed');
  await execa('dpkg-deb', ['--extract', deb, installed]);
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('what is installed', () => {
  test('every file is one that we know of', async () => {
    const entries = await readdir(installed, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name).slice(installed.length));
    const sometimes = ['/etc/profile.d/extbackup.sh', '/usr/share/doc/extbackup/README.md'];
    expect(files.filter((file) => !sometimes.includes(file)).sort()).toEqual([
      '/usr/bin/extbackup',
      '/usr/lib/extbackup/cli.js',
      '/usr/lib/extbackup/package.json',
      '/usr/lib/extbackup/usb.linux-x64-gnu.node',
      '/usr/lib/systemd/system/extbackup-scheduled.service',
      '/usr/lib/systemd/system/extbackup.service',
      '/usr/lib/systemd/system/extbackup.timer',
      '/usr/lib/systemd/system/mnt-ramfs.mount',
      '/usr/lib/tmpfiles.d/extbackup.conf',
      '/usr/lib/udev/rules.d/90-extbackup.rules',
      '/usr/share/bash-completion/completions/extbackup',
      '/usr/share/doc/extbackup/changelog.gz',
      '/usr/share/doc/extbackup/copyright',
      '/usr/share/doc/extbackup/examples/config.yaml',
      '/usr/share/doc/extbackup/examples/cron.d/extbackup',
      '/usr/share/man/man8/extbackup.8.gz',
    ]);
  });

  test('all of it belongs to root, and nobody else can write it', async () => {
    const { stdout } = await execa('dpkg-deb', ['--contents', deb]);
    const lines = stdout.split('\n');
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => !/^(?:-rw-r--r--|[-d]rwxr-xr-x|lrwxrwxrwx) root\/root /.test(line))).toEqual([]);
  });

  test('no path of the machine that built it is in the program', async () => {
    const program = await readFile(join(installed, 'usr/lib/extbackup/cli.js'), 'utf8');
    expect(program).not.toContain(join(import.meta.dirname, '../../..'));
  });

  test('every library in the program has its licence in the copyright file', async () => {
    const program = await readFile(join(installed, 'usr/lib/extbackup/cli.js'), 'utf8');
    const copyright = await readFile(join(installed, 'usr/share/doc/extbackup/copyright'), 'utf8');
    const libraries = new Set([...program.matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map((match) => match[1]));
    expect(libraries.size).toBeGreaterThan(20);
    expect([...libraries].filter((name) => !copyright.includes(`The program contains ${name ?? ''} `))).toEqual([]);
  });
});

describe('the control file', () => {
  test('says what it is', async () => {
    const { stdout } = await execa('dpkg-deb', ['--field', deb, 'Package', 'Version', 'Architecture']);
    expect(stdout).toBe(`Package: extbackup\nVersion: ${packageJson.version}\nArchitecture: amd64`);
  });

  test('Debian finds no fault with the package', async () => {
    const { exitCode, output } = await tool('lintian', ['--allow-root', '--fail-on', 'error', deb], 'lintian');
    expect(exitCode, output).toBe(0);
  });

  test('the same source gives the same bytes', async () => {
    const second = await buildDeb(join(directory, 'second'));
    expect(basename(second)).toBe(`extbackup_${packageJson.version}_amd64.deb`);
    expect((await readFile(second)).equals(await readFile(deb))).toBe(true);
  });
});

describe('the installed program', () => {
  test('starts without npm packages around it, and knows its version', async () => {
    const { stdout } = await execa(process.execPath, [join(installed, 'usr/bin/extbackup'), '--version'], { cwd: '/', env: { NODE_PATH: '' } });
    expect(stdout).toBe(packageJson.version);
    expect((await stat(join(installed, 'usr/bin/extbackup'))).mode & 0o111).toBe(0o111);
    expect(await readFile(join(installed, 'usr/bin/extbackup'), 'utf8')).toMatch(/^#!\/usr\/bin\/node\n/);
  });

  test('starts in less than three times the time that Node itself takes', async () => {
    const node = await fastest(['-e', '0']);
    expect(await fastest([join(installed, 'usr/bin/extbackup'), '--version'])).toBeLessThan(3 * node);
  });

  test('can load the USB library from beside it', async () => {
    const native = join(installed, 'usr/lib/extbackup/usb.linux-x64-gnu.node');
    const { stdout } = await execa(process.execPath, ['-p', `Object.keys(require(${JSON.stringify(native)})).includes('UsbDevice')`]);
    expect(stdout).toBe('true');
  });
});

/** The best of ten, in milliseconds: other load only ever adds. */
async function fastest(args: readonly string[]): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < 10; round += 1) {
    const start = performance.now();
    await execa(process.execPath, [...args]);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
