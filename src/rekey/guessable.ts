import type { KeySettings } from '../config/schema.ts';
import { KeyError } from '../errors.ts';
import { checkValueOf, deriveKey, type ScryptParameters } from '../keys/derivation.ts';
import { passwordForms } from '../keys/password.ts';
import { readPreviousKeys, type EarlierKey } from '../keys/previous-keys.ts';
import { fitsSlowCheck } from '../keys/slow-check.ts';
import type { Paths } from '../system/paths.ts';
import { Secret } from '../system/secret.ts';

/** Parameters of a key. */
type Key = Pick<EarlierKey, 'settings' | 'salt' | 'slowCheck'>;

/** The cost of one guess, to compare two derivations. */
const costOf = ({ derivation, scrypt }: Pick<KeySettings, 'derivation' | 'scrypt'>): number =>
  derivation === 'sha512' || scrypt === undefined ? 0 : scrypt.N * scrypt.r * scrypt.p;

/**
 * Refuses a new password that an earlier key was made from, if that key costs less per guess: copies of the old settings,
 * of the old scripts, and freed blocks of the station's disk still hold its check value.
 * @param present parameters of the present key, with its check value
 * @param forms the new password, normalised and as typed
 * @throws KeyError (EXB_PASSWORD)
 */
export async function refuseGuessable(
  paths: Paths,
  present: Key,
  forms: readonly Secret[],
  wanted: ScryptParameters,
): Promise<void> {
  const cost = costOf({ derivation: 'scrypt', scrypt: wanted });
  const earlier = [...(await readPreviousKeys(paths)).keys].reverse();
  for (const key of [present, ...earlier]) {
    if (costOf(key.settings) >= cost) continue;
    for (const form of forms) if (await isFrom(key, form)) throw guessable(key.settings);
  }
}

async function isFrom(key: Key, password: Secret): Promise<boolean> {
  const forms = passwordForms(key.settings.derivation, new Secret(Buffer.from(password.reveal())));
  try {
    for (const form of forms) {
      const built = await deriveKey(key.settings, form, key.salt);
      const isSame = await fits(key, built);
      built.wipe();
      if (isSame) return true;
    }
    return false;
  } finally {
    for (const form of forms) form.wipe();
  }
}

async function fits({ settings, slowCheck }: Key, built: Secret): Promise<boolean> {
  if (settings.check !== undefined) return checkValueOf(settings.derivation, built) === settings.check;
  return slowCheck !== undefined && fitsSlowCheck(built, slowCheck);
}

const guessable = ({ derivation }: Pick<KeySettings, 'derivation'>): KeyError =>
  new KeyError(
    'EXB_PASSWORD',
    `This password was in use before, with a key derivation that is quicker to guess at (${
      derivation === 'sha512' ? 'SHA-512: billions of guesses per second' : 'scrypt with less memory'
    }). Nothing was changed.`,
    'Old copies of the settings allow such guesses. Choose another password: extbackup key change',
  );
