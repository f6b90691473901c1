import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleProgram } from '../../debian/bundle.ts';
import type { Bundled } from '../../debian/bundled-packages.ts';
import { copyrightFile } from '../../debian/copyright.ts';
import { billOfMaterials } from '../../debian/sbom.ts';
import packageLock from '../../package-lock.json' with { type: 'json' };
import packageJson from '../../package.json' with { type: 'json' };

interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes: readonly { readonly content: string }[];
    readonly licenses: readonly { readonly license?: { readonly id: string } }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

let directory: string;
let bundled: Bundled;
let bill: Bill;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-bill-'));
  bundled = await bundleProgram(directory);
  bill = JSON.parse(billOfMaterials(bundled, '1.2~rc3', new Date(0))) as Bill;
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('it lists exactly the packages whose code is in the program, and the binary of usb', async () => {
  const files = await readdir(directory);
  const program = (
    await Promise.all(
      files.filter((file) => file.endsWith('.js')).map((file) => readFile(join(directory, file), 'utf8')),
    )
  ).join('\n');
  // esbuild writes such a line before the code of each file.
  const paths = [
    ...program.matchAll(/^ *\/\/ (node_modules\/(?:@[^/\s]+\/)?[^/\s]+(?:\/node_modules\/(?:@[^/]+\/)?[^/]+)*)\//gm),
  ];
  const inProgram = new Set(paths.map((match) => match[1] ?? ''));
  const binary = bundled.packages.map(({ path }) => path).filter((path) => path.includes('@node-usb/'));
  expect(binary).toHaveLength(1);
  expect(inProgram.size).toBeGreaterThan(20);
  expect(bundled.packages.map(({ path }) => path)).toEqual([...inProgram, ...binary].sort());
  expect(bill.components).toHaveLength(bundled.packages.length);
});

test('version, checksum and licence of each are those of package-lock.json', () => {
  const locked: Readonly<Record<string, { version?: string; integrity?: string; license?: string }>> =
    packageLock.packages;
  bundled.packages.forEach(({ path }, index) => {
    const component = bill.components[index];
    expect({
      version: component?.version,
      integrity: `sha512-${Buffer.from(component?.hashes[0]?.content ?? '', 'hex').toString('base64')}`,
      license: component?.licenses[0]?.license?.id,
    }).toEqual({
      version: locked[path]?.version,
      integrity: locked[path]?.integrity,
      license: locked[path]?.license,
    });
  });
});

test('what our own source imports is a dependency of package.json, and each package of the list is reached from it', () => {
  const direct = bundled.direct.map((path) => path.replace('node_modules/', ''));
  expect(direct.filter((name) => !Object.hasOwn(packageJson.dependencies, name))).toEqual([]);
  const reached = new Set([bill.dependencies[0]?.ref ?? '']);
  for (const reference of reached)
    for (const next of bill.dependencies.find(({ ref }) => ref === reference)?.dependsOn ?? []) reached.add(next);
  expect(bill.components.map(({ purl }) => purl).filter((purl) => !reached.has(purl))).toEqual([]);
});

test('every package of the list has its licence in the copyright file, with a text', async () => {
  const parts = (await copyrightFile(bundled.packages)).split(`\n\n${'-'.repeat(72)}\n\n`).slice(1);
  expect(parts.map((part) => /^The program contains (\S+ \S+):\n/.exec(part)?.[1])).toEqual(
    bundled.packages.map(({ name, version }) => `${name} ${version}`),
  );
  expect(parts.filter((part) => !/copyright/i.test(part))).toEqual([]);
});
