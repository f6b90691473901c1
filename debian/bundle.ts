/**
 * Bundles the program into one file, so that an upgrade cannot take a part away from an agent that runs. Modules of a
 * command are evaluated when it is called. `cli.js` starts it with the code cache that `write-code-cache.js` makes on
 * the machine, like the byte code of Debian's Python packages.
 */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { hostArchitecture, usbFile, type Architecture } from './architecture.ts';
import { bundledPackages, type Bundled } from './bundled-packages.ts';
import { root } from './root.ts';
import { readUsbBinary } from './usb-binary.ts';

/** The `usb` library loads its binary by the name of an npm package; in the program the binary is beside the chunks. */
const usbBinaryBesideProgram = (architecture: Architecture): Plugin => ({
  name: 'usb-binary',
  setup(bundle) {
    bundle.onResolve({ filter: /^@node-usb\// }, () => ({ path: `./${usbFile(architecture)}`, external: true }));
  },
});

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  // A script that is compiled with a cache cannot import.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
  // Only src/config/example.ts has it, for the source tree.
  logOverride: { 'empty-import-meta': 'silent' },
} as const satisfies BuildOptions;

/**
 * Writes a program that needs nothing but Node.
 * @param directory is emptied first
 * @param architecture of the machine that it is for; default: of this one
 * @returns the npm packages that went into the bundle
 */
export async function bundleProgram(directory: string, architecture = hostArchitecture()): Promise<Bundled> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const { metafile } = await build({
    ...common,
    entryPoints: { program: 'src/main.ts' },
    outdir: directory,
    entryNames: '[name]-[hash]',
    legalComments: 'eof',
    metafile: true,
    define: { EXAMPLE_SETTINGS: JSON.stringify(await readFile(join(root, 'debian/examples/config.yaml'), 'utf8')) },
    plugins: [usbBinaryBesideProgram(architecture)],
  });
  const [program = ''] = Object.keys(metafile.outputs);
  await escapeAll(join(root, program));
  await build({
    ...common,
    entryPoints: { cli: 'debian/start/cli.ts', 'write-code-cache': 'debian/start/write-code-cache.ts' },
    outdir: directory,
    define: { PROGRAM: JSON.stringify(basename(program)) },
  });
  const cli = join(directory, 'cli.js');
  await writeFile(cli, `#!/usr/bin/node\n${await readFile(cli, 'utf8')}`);
  await chmod(cli, 0o755);
  await writeFile(join(directory, 'package.json'), '{"type":"commonjs"}\n');
  await writeFile(join(directory, usbFile(architecture)), await readUsbBinary(architecture), { mode: 0o644 });
  return bundledPackages(metafile, architecture);
}

/**
 * Leaves ASCII only: cli.js reads the program byte by byte, which is fast and keeps it small in memory. esbuild does not
 * escape letters in regular expressions.
 */
async function escapeAll(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const raw = /String\.raw`[^`]*[^\x00-\x7f`][^`]*`/.exec(text);
  if (raw) throw new Error(`String.raw shows escapes as they are, so it must be ASCII: ${raw[0].slice(0, 200)}`);
  await writeFile(
    file,
    // By code units, so that it is right in every literal.
    text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
