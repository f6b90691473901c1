import type { KeySettings, Config } from '../config/schema.ts';
import { ConfigError, KeyError } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { files, type Paths } from '../system/paths.ts';
import { pause } from '../system/pause.ts';
import type { Secret } from '../system/secret.ts';
import { checkValueOf, deriveKey } from './derivation.ts';
import { nudgeAgent } from '../protocol/nudge.ts';
import { checkPassword, passwordForms } from './password.ts';
import { ensureRamfs } from './ram-directory.ts';
import { readLuksKey, wipeFile, writeRamFile } from './ram-key-ring.ts';
import { putSaltInPlace, readSalts } from './salt.ts';
import type { ContainerForm } from './ssh-container.ts';
import { loadSshKey } from './ssh-key.ts';

/** Slows down guessing at the prompt; scrypt slows down all other guessing. */
const wrongPasswordPauseMs = 1_000;

/** The parts of the machine that unlocking needs. */
export interface KeyStation {
  readonly start: StartProgram;
  readonly paths: Paths;
}

/** Whether the key is in RAM and, if a check value is known, the right one. */
export async function isKeyLoaded(paths: Paths, settings: Pick<KeySettings, 'derivation' | 'check'>): Promise<boolean> {
  const key = await readLuksKey(files.luksKey(paths));
  if (key === undefined) return false;
  const right = settings.check === undefined || checkValueOf(settings.derivation, key) === settings.check;
  key.wipe();
  return right;
}

/**
 * Builds the key from a password and checks it. Nothing is written, except after an interrupted password change: then
 * its salt, once it has proven right, is put into place. `typed` is overwritten. The caller wipes the key.
 * @throws KeyError when the password is refused or wrong
 */
export async function buildKey(paths: Paths, settings: KeySettings, typed: Secret): Promise<Secret> {
  const salts = await readSalts(files.salt(paths), settings.derivation);
  const { key, salt } = await findKey(settings, typed, salts).catch((error: unknown) => {
    throw salts.length > 1 && error instanceof KeyError && error.code === 'EXB_KEY_REJECTED' ? ofTheTwo(error) : error;
  });
  if (settings.check !== undefined) await putSaltInPlace(files.salt(paths), salt);
  return key;
}

const ofTheTwo = (cause: KeyError): KeyError =>
  new KeyError(
    'EXB_KEY_REJECTED',
    cause.message,
    'A password change was interrupted: either the old or the new password is valid. Try the other one: extbackup unlock',
    cause,
  );

/**
 * The key that fits its check value, and the salt it was built with; without a check value the likeliest one. Nothing is
 * written. Takes over `typed`, which is overwritten. The caller wipes the key.
 * @throws KeyError when the password is refused or wrong
 */
export async function findKey(
  settings: KeySettings,
  typed: Secret,
  salts: readonly string[],
): Promise<{ readonly key: Secret; readonly salt: string }> {
  const forms = passwordForms(settings.derivation, checkPassword(settings.derivation, typed));
  try {
    for (const [form, salt] of salts.flatMap((each) => forms.map((password) => [password, each] as const))) {
      const key = await derive(settings, form, salt);
      if (settings.check === undefined || checkValueOf(settings.derivation, key) === settings.check)
        return { key, salt };
      key.wipe();
    }
  } finally {
    for (const form of forms) form.wipe();
  }
  await pause(wrongPasswordPauseMs, new AbortController().signal);
  throw new KeyError(
    'EXB_KEY_REJECTED',
    'The password is wrong; the keys in RAM were left as they are.',
    'Try again: extbackup unlock',
  );
}

/**
 * Loads a key into RAM, then the ssh key, and tells the agent. @param proven whether the key fits its check value; an
 * unproven key that does not open the ssh key is removed again
 * @returns the form of the encrypted ssh key, see {@link loadSshKey}
 * @throws KeyError when the ssh key does not open
 */
export async function loadKeys(
  { start, paths }: KeyStation,
  config: Pick<Config, 'ssh'>,
  key: Secret,
  proven: boolean,
): Promise<ContainerForm | 'absent'> {
  await ensureRamfs(start, paths.ramfs);
  const before = proven ? undefined : await readLuksKey(files.luksKey(paths));
  await writeRamFile(paths.ramfs, 'luks_pw', key);
  let kept = true;
  try {
    return await loadSshKey(start, paths, config.ssh);
  } catch (error) {
    if (!proven) {
      if (before) await writeRamFile(paths.ramfs, 'luks_pw', before);
      else await wipeFile(files.luksKey(paths));
      kept = false;
    }
    throw error;
  } finally {
    before?.wipe();
    if (kept) await nudgeAgent(paths, 'unlock');
  }
}

async function derive(settings: KeySettings, password: Secret, salt: string): Promise<Secret> {
  try {
    return await deriveKey(settings, password, salt);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS' ? notEnoughMemory(error) : error;
  }
}

const notEnoughMemory = (cause: unknown): ConfigError =>
  new ConfigError(
    'This machine has not enough free memory for the key derivation.',
    'End other programs, or see key.scrypt in the settings: it takes N times r times 128 bytes.',
    cause,
  );
