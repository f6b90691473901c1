/**
 * The encrypted ssh key on the station's disk. It is a plain `openssl enc` file, so that a person with stock openssl
 * opens it by hand:
 *   openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -md sha256 -a -in id_ed25519.encrypted -pass file:/mnt/ramfs/luks_pw
 */
import { chmod, open, rename, rm } from 'node:fs/promises';
import { CommandError, type StartProgram } from '../system/command.ts';
import { readWhole } from '../system/given-file.ts';
import { Secret } from '../system/secret.ts';
import { reserveRamFile, wipeFile } from './ram-key-ring.ts';

const openssl = '/usr/bin/openssl';
const cipher = '-aes-256-cbc';
const present = ['-pbkdf2', '-iter', '600000', '-md', 'sha256'];

/** The known forms of a container, made by us or by hand; see openssl-enc(1) on its changing defaults. */
const containerForms = {
  present,
  byHand: ['-pbkdf2', '-md', 'sha256'],
  since110: ['-md', 'sha256'],
  before110: ['-md', 'md5'],
} as const;

/** One of {@link containerForms}. */
export type ContainerForm = keyof typeof containerForms;

/** Advice for an ssh key that is stored in an older form. */
export function offerConversion(context: { note(text: string): void }, form: ContainerForm | 'absent'): void {
  if (form !== 'absent' && form !== 'present')
    context.note('The ssh key is stored in an older form. Convert it when convenient: extbackup ssh-key convert');
}

/**
 * Encrypts a private key in ramfs into `target`, mode 0600. The pass phrase is the first line of `passFile`.
 * An existing target is replaced atomically.
 * @throws CommandError
 */
export async function encryptToContainer(
  start: StartProgram,
  plain: string,
  passFile: string,
  target: string,
): Promise<void> {
  const temporary = `${target}.new`; // only one process at a time changes keys; a leftover of a killed one is replaced
  await rm(temporary, { force: true });
  await (await open(temporary, 'wx', 0o600)).close();
  try {
    await start({
      file: openssl,
      args: [
        'enc',
        '-e',
        cipher,
        ...present,
        '-salt',
        '-a',
        '-in',
        plain,
        '-out',
        temporary,
        '-pass',
        `file:${passFile}`,
      ],
      timeoutMs: 60_000,
    });
    await chmod(temporary, 0o600);
    const handle = await open(temporary, 'r');
    await handle.sync();
    await handle.close();
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Decrypts a container into a new file in ramfs, mode 0600, trying each known form until `accept` approves the result.
 * @param accept checks the file: a wrong form sometimes decrypts to noise without an error @returns the file and the
 * right form; undefined when no form was right
 */
export async function decryptContainer(
  start: StartProgram,
  container: string,
  passFile: string,
  ram: { readonly directory: string; readonly name: string },
  accept: (file: string) => Promise<boolean>,
): Promise<{ file: string; form: ContainerForm } | undefined> {
  const cipherText = new Secret(containerBytes(await readWhole(container)));
  for (const form of Object.keys(containerForms) as ContainerForm[]) {
    const file = await reserveRamFile(ram.directory, ram.name);
    if ((await decrypts(start, cipherText, containerForms[form], passFile, file)) && (await accept(file)))
      return { file, form };
    await wipeFile(file);
  }
  return undefined;
}

/** The bytes that openssl wrote: as base64 in lines, in one line, encoded twice, or as plain bytes. */
function containerBytes(content: Buffer): Buffer {
  let bytes = content;
  for (let wraps = 0; wraps < 3 && !bytes.subarray(0, 8).equals(magic); wraps += 1) {
    bytes = Buffer.from(bytes.toString('latin1'), 'base64');
  }
  return bytes;
}

const magic = Buffer.from('Salted__', 'latin1');

async function decrypts(
  start: StartProgram,
  cipherText: Secret,
  form: readonly string[],
  passFile: string,
  file: string,
): Promise<boolean> {
  try {
    await start({
      file: openssl,
      args: ['enc', '-d', cipher, ...form, '-out', file, '-pass', `file:${passFile}`],
      stdin: cipherText,
      timeoutMs: 60_000,
    });
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === 1) return false;
    throw error;
  }
}
