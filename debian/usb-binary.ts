/** The binary of the `usb` library for a processor, also for another one than this machine's. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { architectures, usbFile, type Architecture } from './architecture.ts';
import { lockedPackage } from './package-lock.ts';
import { root } from './root.ts';

/**
 * Reads the binary from node_modules. npm installs only that of its own machine there; another one is fetched with
 * `npm pack`, and kept in the cache.
 * @throws when its archive differs from package-lock.json, or its code is for another processor
 */
export async function readUsbBinary(architecture: Architecture): Promise<Buffer> {
  const { usbPackage, elfMachine } = architectures[architecture];
  const installed = join(root, 'node_modules', usbPackage, usbFile(architecture));
  const binary =
    (await readIfThere(installed)) ?? (await unpack(await fetchArchive(usbPackage), usbFile(architecture)));
  const found = elfMachineOf(binary);
  if (found !== elfMachine)
    throw new Error(`${usbPackage} has code for the ELF machine ${found}, not ${elfMachine} (${architecture}).`);
  return binary;
}

/** The machine for which an ELF file was made, as a number of elf.h. Throws for another kind of file. */
export function elfMachineOf(file: Buffer): number {
  if (file.length < 20 || file.readUInt32BE(0) !== 0x7f454c46) throw new Error('This is no ELF file.');
  return file.readUInt16LE(18);
}

/** The archive of an npm package, with the checksum of package-lock.json. */
async function fetchArchive(name: string): Promise<Buffer> {
  const { version, integrity } = await lockedPackage(`node_modules/${name}`);
  const directory = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'extbackup/npm');
  const kept = join(directory, `${name.replace(/^@|\//g, '-').slice(1)}-${version}.tgz`);
  const isIt = (archive: Buffer): boolean =>
    `sha512-${createHash('sha512').update(archive).digest('base64')}` === integrity;
  const known = await readIfThere(kept);
  if (known && isIt(known)) return known;
  await mkdir(directory, { recursive: true });
  const download = await mkdtemp(join(directory, 'download-'));
  try {
    const { stdout } = await execa('npm', ['pack', '--silent', '--pack-destination', download, `${name}@${version}`], {
      cwd: root,
    });
    const file = join(download, stdout.trim());
    const archive = await readFile(file);
    if (!isIt(archive)) throw new Error(`${name}@${version} from the registry differs from package-lock.json.`);
    await rename(file, kept);
    return archive;
  } finally {
    await rm(download, { recursive: true, force: true });
  }
}

async function unpack(archive: Buffer, file: string): Promise<Buffer> {
  const { stdout } = await execa('tar', ['-xzO', `package/${file}`], { input: archive, encoding: 'buffer' });
  return Buffer.from(stdout);
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
