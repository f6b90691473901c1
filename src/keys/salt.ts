import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeySettings } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { readIfThere } from '../system/atomic-file.ts';

/** The salt's text without its newline; undefined when there is none yet. */
export async function readSaltIfThere(file: string): Promise<string | undefined> {
  return (await readIfThere(file))?.replace(/\n$/, '');
}

/** The salt of a password change that is not in force yet. */
export const nextSaltFile = (file: string): string => `${file}.next`;

/**
 * The salts that may belong to the key: the present one, then one that an interrupted password change left.
 * @throws ConfigError when there is none, or it is damaged: without it the key cannot be built
 */
export async function readSalts(file: string, derivation: KeySettings['derivation']): Promise<[string, ...string[]]> {
  const found = (await Promise.all([readSaltIfThere(file), readSaltIfThere(nextSaltFile(file))])).filter(
    (salt) => salt !== undefined,
  );
  const [first, ...others] = found.filter((salt) =>
    derivation === 'scrypt' ? isScryptSalt(salt) : salt !== '' && !/[\0\n]/.test(salt),
  );
  if (first !== undefined) return [first, ...others];
  throw found.length === 0
    ? new ConfigError(
        `The salt is missing: ${file} does not exist, and without it the key cannot be built.`,
        'Put it back from a copy of this file or from the recovery sheet.',
      )
    : new ConfigError(
        `The salt in ${file} is damaged${derivation === 'scrypt' ? ': it must be 64 hex digits' : ''}.`,
        'Put it back from a copy of this file or from the recovery sheet.',
      );
}

/** The present salt. Throws as {@link readSalts} does. */
export async function readSalt(file: string, derivation: KeySettings['derivation']): Promise<string> {
  return (await readSalts(file, derivation))[0];
}

/** Completes a password change: the salt that has proven right replaces the old one. */
export async function putSaltInPlace(file: string, salt: string): Promise<void> {
  if ((await readSaltIfThere(file)) !== salt) await rename(nextSaltFile(file), file);
}

/**
 * The salt for a password change, written to the disk before it is used. The salt of an interrupted change is used
 * again, so the same new password gives the same key and no disk keeps a useless keyslot.
 */
export async function settleNextSalt(file: string): Promise<string> {
  const left = await readSaltIfThere(nextSaltFile(file));
  if (left !== undefined && isScryptSalt(left)) return left;
  await rm(nextSaltFile(file), { force: true });
  const salt = makeSalt();
  await writeNewSalt(nextSaltFile(file), salt);
  return salt;
}

const isScryptSalt = (salt: string): boolean => /^[0-9a-f]{64}$/.test(salt);

/** 256 random bits as 64 hex digits. */
export const makeSalt = (): string => randomBytes(32).toString('hex');

/**
 * Writes a salt if there is none; an existing one is never overwritten.
 * @throws an error with code EEXIST
 */
export async function writeNewSalt(file: string, salt: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(`${salt}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
