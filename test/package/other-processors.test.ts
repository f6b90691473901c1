import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { architectures, parseArchitecture, usbFile, type Architecture } from '../../debian/architecture.ts';
import { elfMachineOf } from '../../debian/usb-binary.ts';
import { preparedPackage } from './prepared-package.ts';
import { tool } from './tool.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-processors-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const machines: Readonly<Record<Architecture, string>> = { amd64: 'X86-64', arm64: 'AArch64' };

const all = Object.keys(architectures).map(parseArchitecture);

describe.each(all)('the package for %s', (architecture) => {
  let deb: string;
  let installed: string;

  beforeAll(async () => {
    deb = await preparedPackage({ architecture });
    installed = join(directory, architecture);
    await execa('dpkg-deb', ['--extract', deb, installed]);
  }, 120_000);

  test('says so, in its name and in its control file', async () => {
    expect(deb).toMatch(new RegExp(`_${architecture}\\.deb$`));
    const { stdout } = await execa('dpkg-deb', ['--field', deb, 'Architecture']);
    expect(stdout).toBe(architecture);
  });

  test('has one binary, for that processor, and the program loads it by its name', async () => {
    const { stdout } = await execa('find', [join(installed, 'usr'), '-name', '*.node']);
    const binary = join(installed, 'usr/lib/extbackup', usbFile(architecture));
    expect(stdout).toBe(binary);
    expect(elfMachineOf(await readFile(binary))).toBe(architectures[architecture].elfMachine);
    const { output } = await tool('readelf', ['--file-header', binary], 'binutils', { env: { LC_ALL: 'C' } });
    expect(output).toMatch(new RegExp(`Machine: .*${machines[architecture]}`));
    const { stdout: loads } = await execa('grep', [
      '-rhoF',
      usbFile(architecture),
      join(installed, 'usr/lib/extbackup'),
    ]);
    expect(loads).not.toBe('');
  });
});

test('Debian finds no fault with the packages', async () => {
  const debs = await Promise.all(all.map((architecture) => preparedPackage({ architecture })));
  // One call, because lintian takes longer to start than to look at a package.
  const { exitCode, output } = await tool(
    'lintian',
    ['--allow-root', '--fail-on', 'error,warning', ...debs],
    'lintian',
  );
  expect(exitCode, output).toBe(0);
}, 300_000);

test('a processor without a package is refused in words, and so is a file that is no program', () => {
  expect(() => parseArchitecture('sparc')).toThrow('No package is made for "sparc". Known: amd64, arm64.');
  expect(() => elfMachineOf(Buffer.from('text'))).toThrow('no ELF file');
});
