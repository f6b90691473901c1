import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeySettings } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { readIfThere } from '../system/atomic-file.ts';

/** The salt's text without its newline; undefined when there is none yet. */
export async function readSaltIfThere(file: string): Promise<string | undefined> {
  return (await readIfThere(file))?.replace(/\n$/, '');
}

/**
 * The salt that belongs to an existing key.
 * @throws ConfigError when it is missing or damaged: without it the key cannot be built
 */
export async function readSalt(file: string, derivation: KeySettings['derivation']): Promise<string> {
  const salt = await readSaltIfThere(file);
  if (salt === undefined) {
    throw new ConfigError(`The salt is missing: ${file} does not exist, and without it the key cannot be built.`, 'Put it back from a copy of this file or from the recovery sheet.');
  }
  const sound = derivation === 'scrypt' ? /^[0-9a-f]{64}$/.test(salt) : salt !== '' && !/[\0\n]/.test(salt);
  if (!sound) {
    throw new ConfigError(`The salt in ${file} is damaged${derivation === 'scrypt' ? ': it must be 64 hex digits' : ''}.`, 'Put it back from a copy of this file or from the recovery sheet.');
  }
  return salt;
}

/** 256 random bits as 64 hex digits. */
export const makeSalt = (): string => randomBytes(32).toString('hex');

/**
 * Writes a salt where there is none; an existing one is never overwritten.
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
