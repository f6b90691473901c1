/**
 * Bundles the program. Every command is a chunk of its own that is loaded when it is called, so that the program
 * starts fast on a small machine. The agent loads everything at its start, because it keeps running while an upgrade
 * replaces its files.
 */
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** The root of the source tree. */
export const root = join(import.meta.dirname, '..');

const nativeModule = 'usb.linux-x64-gnu.node';

/** Names that CommonJS libraries use and an ES module does not have. */
const commonJsNames = `import { createRequire as $createRequire } from 'node:module';
const require = $createRequire(import.meta.url);
const { filename: __filename, dirname: __dirname } = import.meta;`;

/** The `usb` library loads its binary by the name of an npm package; in the program the binary is beside the chunks. */
const usbBinaryBesideProgram: Plugin = {
  name: 'usb-binary',
  setup(bundle) {
    bundle.onResolve({ filter: /^@node-usb\// }, () => ({ path: `./${nativeModule}`, external: true }));
  },
};

/**
 * Writes a program that needs nothing but Node.
 * @param directory is emptied first
 * @returns names of the npm packages that went into the bundle, sorted
 * @throws when the agent would load a part of itself after its start
 */
export async function bundleProgram(directory: string): Promise<string[]> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { cli: 'src/main.ts' },
    outdir: directory,
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    banner: { js: commonJsNames },
    legalComments: 'eof',
    logLevel: 'warning',
    metafile: true,
    define: { EXAMPLE_SETTINGS: JSON.stringify(await readFile(join(root, 'debian/examples/config.yaml'), 'utf8')) },
    plugins: [usbBinaryBesideProgram],
  });
  const late = lateImports(metafile, 'src/commands/agent.ts');
  if (late.length > 0)
    throw new Error(`The agent must load everything at start, for an upgrade replaces its files: ${late.join('; ')}`);
  const program = join(directory, 'cli.js');
  await writeFile(program, `#!/usr/bin/node\n${await readFile(program, 'utf8')}`);
  await chmod(program, 0o755);
  await writeFile(join(directory, 'package.json'), '{"type":"module"}\n');
  await copyFile(createRequire(import.meta.url).resolve('@node-usb/usb-linux-x64-gnu'), join(directory, nativeModule));
  return packagesIn(Object.keys(metafile.inputs));
}

/**
 * The dynamic imports that a module reaches through its static imports.
 * @param from path of the module below the root of the source tree
 */
export function lateImports({ inputs }: Pick<Metafile, 'inputs'>, from: string): string[] {
  const late: string[] = [];
  const seen = new Set([from]);
  for (const file of seen) {
    for (const { kind, path } of inputs[file]?.imports ?? []) {
      if (kind === 'dynamic-import') late.push(`${file} imports ${path}`);
      else seen.add(path);
    }
  }
  return late;
}

function packagesIn(files: readonly string[]): string[] {
  const names = files
    .map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
    .filter((name) => name !== undefined);
  return [...new Set([...names, '@node-usb/usb-linux-x64-gnu'])].sort();
}
