/**
 * Bundles the program. Every command is a chunk of its own that is loaded when it is called, so that the program
 * starts fast on a small machine. The agent loads everything at its start, because it keeps running while an upgrade
 * replaces its files.
 */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { hostArchitecture, usbFile, type Architecture } from './architecture.ts';
import { bundledPackages, type Bundled } from './bundled-packages.ts';
import { root } from './root.ts';
import { readUsbBinary } from './usb-binary.ts';

/** Names that CommonJS libraries use and an ES module does not have. */
const commonJsNames = `import { createRequire as $createRequire } from 'node:module';
const require = $createRequire(import.meta.url);
const { filename: __filename, dirname: __dirname } = import.meta;`;

/** The `usb` library loads its binary by the name of an npm package; in the program the binary is beside the chunks. */
const usbBinaryBesideProgram = (architecture: Architecture): Plugin => ({
  name: 'usb-binary',
  setup(bundle) {
    bundle.onResolve({ filter: /^@node-usb\// }, () => ({ path: `./${usbFile(architecture)}`, external: true }));
  },
});

/**
 * Writes a program that needs nothing but Node.
 * @param directory is emptied first
 * @param architecture of the machine that it is for; default: of this one
 * @returns the npm packages that went into the bundle
 * @throws when the agent would load a part of itself after its start
 */
export async function bundleProgram(directory: string, architecture = hostArchitecture()): Promise<Bundled> {
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
    plugins: [usbBinaryBesideProgram(architecture)],
  });
  const late = lateImports(metafile, 'src/commands/agent.ts');
  if (late.length > 0)
    throw new Error(`The agent must load everything at start, for an upgrade replaces its files: ${late.join('; ')}`);
  const program = join(directory, 'cli.js');
  await writeFile(program, `#!/usr/bin/node\n${await readFile(program, 'utf8')}`);
  await chmod(program, 0o755);
  await writeFile(join(directory, 'package.json'), '{"type":"module"}\n');
  await writeFile(join(directory, usbFile(architecture)), await readUsbBinary(architecture), { mode: 0o644 });
  return bundledPackages(metafile, architecture);
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
