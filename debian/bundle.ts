/**
 * Bundles the program into one file. One file and not chunks: the agent keeps running while an upgrade replaces
 * it, and a chunk that it has not loaded yet would be gone by then. Modules that a command imports lazily are
 * only evaluated when they are needed, so that the size costs little at start.
 */
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** The root of the source tree. */
export const root = join(import.meta.dirname, '..');

const nativeModule = 'usb.linux-x64-gnu.node';

/** What CommonJS libraries use, and an ES module does not have. */
const commonJsBanner = `#!/usr/bin/node
import { createRequire as $createRequire } from 'node:module';
const require = $createRequire(import.meta.url);
const { filename: __filename, dirname: __dirname } = import.meta;`;

/** The `usb` library asks for its binary by the name of an npm package; in the program it stands beside cli.js. */
const usbBinaryBesideProgram: Plugin = {
  name: 'usb-binary',
  setup(bundle) {
    bundle.onResolve({ filter: /^@node-usb\// }, () => ({ path: `./${nativeModule}`, external: true }));
  },
};

/**
 * Writes the program that runs on a machine with nothing but Node.
 * @param directory is emptied first
 * @returns names of the npm packages that went into the bundle, sorted
 */
export async function bundleProgram(directory: string): Promise<string[]> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { cli: 'src/main.ts' },
    outdir: directory,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    banner: { js: commonJsBanner },
    legalComments: 'eof',
    logLevel: 'warning',
    metafile: true,
    plugins: [usbBinaryBesideProgram],
  });
  await chmod(join(directory, 'cli.js'), 0o755);
  await writeFile(join(directory, 'package.json'), '{"type":"module"}\n');
  await copyFile(createRequire(import.meta.url).resolve('@node-usb/usb-linux-x64-gnu'), join(directory, nativeModule));
  return packagesIn(Object.keys(metafile.inputs));
}

function packagesIn(files: readonly string[]): string[] {
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter((name) => name !== undefined);
  return [...new Set([...names, '@node-usb/usb-linux-x64-gnu'])].sort();
}
