import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { architectures, type Architecture } from './architecture.ts';
import { lockedPackage } from './package-lock.ts';
import { root } from './root.ts';

/** An npm package with code in the program. */
export interface BundledPackage {
  /** Below the root of the source tree, such as `node_modules/zod`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  /** SHA-512 of its archive in the npm registry, in hex. */
  readonly sha512: string;
  /** Paths of the bundled packages whose files it imports, sorted. */
  readonly uses: readonly string[];
}

/** What the program is made of. */
export interface Bundled {
  /** Sorted by path. */
  readonly packages: readonly BundledPackage[];
  /** Paths of the packages that our own source imports, sorted. */
  readonly direct: readonly string[];
}

/**
 * The npm packages from which esbuild took code, and the binary beside it.
 * @throws when an installed package differs from package-lock.json
 */
export async function bundledPackages({ inputs, outputs }: Metafile, architecture: Architecture): Promise<Bundled> {
  const usb = `node_modules/${architectures[architecture].usbPackage}`;
  const taken = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const uses = new Map([usb, ...taken.map(packageOf)].map((path) => [path, new Set<string>()]));
  // A file that only hands on imports leaves no code, so every file of a package counts.
  for (const [file, { imports }] of Object.entries(inputs)) {
    const from = packageOf(file);
    for (const { path, external } of imports) {
      const to = external === true && path.endsWith('.node') ? usb : packageOf(path);
      if (to !== from && uses.has(to)) uses.get(from)?.add(to);
    }
  }
  const sorted = (paths: ReadonlySet<string> | undefined): string[] => [...(paths ?? [])].filter(Boolean).sort();
  const paths = sorted(new Set(uses.keys()));
  return {
    packages: await Promise.all(
      paths.map(async (path) => ({ ...(await describe(path)), uses: sorted(uses.get(path)) })),
    ),
    direct: sorted(uses.get('')),
  };
}

/** `node_modules/a/node_modules/b` of a file in it; empty for a file of ours. */
const packageOf = (file: string): string => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? '';

async function describe(path: string): Promise<Omit<BundledPackage, 'uses'>> {
  const locked = await lockedPackage(path);
  const installed = await readManifest(path);
  const version = installed?.version ?? locked.version;
  if (version !== locked.version)
    throw new Error(`${path} is of version ${version}, in package-lock.json of ${locked.version}. Type: npm ci`);
  const licence = installed?.license ?? locked.license;
  if (licence === undefined) throw new Error(`${path} does not say its licence.`);
  const sha512 = Buffer.from(locked.integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
  return { path, name: path.replace(/^.*node_modules\//, ''), version, licence, sha512 };
}

/** undefined for the binary of another processor, which is not installed here. */
async function readManifest(path: string): Promise<{ version: string; license?: string } | undefined> {
  const text = await readFile(join(root, path, 'package.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { version: string; license?: string });
}
