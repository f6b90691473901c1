import { readFile, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import type { Config } from '../config/schema.ts';
import { KeyError } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { files, type Paths } from '../system/paths.ts';
import { wipeFile } from './ram-key-ring.ts';
import { decryptContainer, encryptToContainer, type ContainerForm } from './ssh-container.ts';

/** Types of ssh key that extbackup makes. */
export const sshKeyTypes = ['ed25519', 'rsa'] as const;
export type SshKeyType = (typeof sshKeyTypes)[number];

/** The files of the ssh key. */
export type SshKeyFiles = Pick<Config['ssh'], 'key' | 'publicKey'>;

/** The decrypted ssh key in RAM, for `ssh -i`: id_ed25519.decrypted for id_ed25519.encrypted. */
export function identityFile(paths: Pick<Paths, 'ramfs'>, ssh: Pick<SshKeyFiles, 'key'>): string {
  return `${paths.ramfs}/${identityName(ssh)}`;
}

const identityName = (ssh: Pick<SshKeyFiles, 'key'>): string => `${basename(ssh.key, '.encrypted')}.decrypted`;

/** The files of the next ssh key, until the server accepts it. */
export function nextSshKey(ssh: SshKeyFiles): SshKeyFiles {
  return { key: `${dirname(ssh.key)}/id_next.encrypted`, publicKey: `${dirname(ssh.publicKey)}/id_next.pub` };
}

/** Comment in the public half: it identifies this station's line on the server. */
const sshKeyComment = (host = hostname()): string => `extbackup@${host}`;

/**
 * Makes a key pair in ramfs and stores its encrypted private half and its public half; the decrypted key stays loaded.
 * The private half never exists anywhere else, so there is nothing to shred.
 */
export async function makeSshKey(
  start: StartProgram,
  paths: Paths,
  ssh: SshKeyFiles,
  type: SshKeyType,
  comment = sshKeyComment(),
): Promise<void> {
  const fresh = `${paths.ramfs}/.id_${type}.${process.pid}`;
  await wipeFile(fresh);
  const size = type === 'rsa' ? ['-b', '4096'] : [];
  try {
    await start({
      file: '/usr/bin/ssh-keygen',
      args: ['-q', '-t', type, ...size, '-N', '', '-C', comment, '-f', fresh],
      timeoutMs: 120_000,
    });
    const publicHalf = await readFile(`${fresh}.pub`, 'utf8');
    await encryptToContainer(start, fresh, files.luksKey(paths), ssh.key);
    await writeAtomically(ssh.publicKey, publicHalf, true, 0o644);
    await rename(fresh, identityFile(paths, ssh));
  } finally {
    await wipeFile(fresh);
    await wipeFile(`${fresh}.pub`);
  }
}

/**
 * Decrypts the ssh key into ramfs with the loaded LUKS key, and checks it against its public half; writes the public
 * half if it is missing.
 * @returns the form of the container, or `absent` without a container
 * @throws KeyError (EXB_KEY_REJECTED) when it does not open or does not fit; an earlier decrypted key is kept
 */
export async function loadSshKey(
  start: StartProgram,
  paths: Paths,
  ssh: SshKeyFiles,
): Promise<ContainerForm | 'absent'> {
  if ((await readIfThere(ssh.key)) === undefined) return 'absent';
  const expected = await readIfThere(ssh.publicKey);
  let opened = (await openContainer(start, paths, ssh, ssh.key)) ?? (await openRekeyed(start, paths, ssh));
  if (!opened) {
    throw new KeyError(
      'EXB_KEY_REJECTED',
      `The ssh key ${ssh.key} does not open with the key that the password gives.`,
      'If the password was changed recently, put back the file that belongs to it; or make a new ssh key: extbackup ssh-key rotate --lost',
    );
  }
  let found = await publicHalfOf(start, opened.file);
  if (expected !== undefined && !samePublicKey(expected, found ?? '')) {
    await wipeFile(opened.file);
    opened = await openRotated(start, paths, ssh, expected);
    if (!opened)
      throw new KeyError(
        'EXB_KEY_REJECTED',
        `The ssh key ${ssh.key} does not belong to ${ssh.publicKey}.`,
        'Put back the two files that belong together, or make a new ssh key: extbackup ssh-key rotate --lost',
      );
    found = expected;
  }
  if (expected === undefined && found !== undefined)
    await writeAtomically(ssh.publicKey, `${found} ${sshKeyComment()}\n`, true, 0o644);
  await rename(opened.file, identityFile(paths, ssh));
  return opened.form;
}

/** Completes a rotation that was interrupted after its public half was replaced and before its container was. */
async function openRotated(
  start: StartProgram,
  paths: Paths,
  ssh: SshKeyFiles,
  expected: string,
): ReturnType<typeof openContainer> {
  const next = nextSshKey(ssh).key;
  if (next === ssh.key || (await readIfThere(next)) === undefined) return undefined;
  const opened = await openContainer(start, paths, ssh, next);
  if (!opened) return undefined;
  if (samePublicKey(expected, (await publicHalfOf(start, opened.file)) ?? '')) {
    await rename(next, ssh.key);
    return opened;
  }
  await wipeFile(opened.file);
  return undefined;
}

/** The container of a password change that is not in force yet. */
export const rekeyedContainer = (ssh: Pick<SshKeyFiles, 'key'>): string => `${ssh.key}.next`;

/** Completes an interrupted password change: the container that opens with the new key replaces the old one. */
async function openRekeyed(start: StartProgram, paths: Paths, ssh: SshKeyFiles): ReturnType<typeof openContainer> {
  const rekeyed = rekeyedContainer(ssh);
  if ((await readIfThere(rekeyed)) === undefined) return undefined;
  const opened = await openContainer(start, paths, ssh, rekeyed);
  if (opened) await rename(rekeyed, ssh.key);
  return opened;
}

function openContainer(
  start: StartProgram,
  paths: Paths,
  ssh: SshKeyFiles,
  container: string,
): ReturnType<typeof decryptContainer> {
  const isPrivateKey = async (file: string): Promise<boolean> => (await publicHalfOf(start, file)) !== undefined;
  return decryptContainer(
    start,
    container,
    files.luksKey(paths),
    { directory: paths.ramfs, name: identityName(ssh) },
    isPrivateKey,
  );
}

/** `TYPE BASE64` of a private key; undefined unless the file is a key without a pass phrase. */
async function publicHalfOf(start: StartProgram, file: string): Promise<string | undefined> {
  try {
    const { stdout } = await start({
      file: '/usr/bin/ssh-keygen',
      args: ['-y', '-P', '', '-f', file],
      timeoutMs: 20_000,
    });
    return withoutComment(stdout);
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === 255) return undefined;
    throw error;
  }
}

/** Whether two public keys are the same, apart from their comments. */
export const samePublicKey = (one: string, other: string): boolean => withoutComment(one) === withoutComment(other);

const withoutComment = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');
