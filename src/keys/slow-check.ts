import * as z from 'zod';
import type { Secret } from '../system/secret.ts';
import { checkValueOf, deriveKey, type ScryptParameters } from './derivation.ts';
import { makeSalt } from './salt.ts';

/** A check value of a key that was derived quickly: testing a guess costs a whole scrypt, as with a new key. */
export const slowCheckSchema = z.object({
  scrypt: z.object({ N: z.int(), r: z.int(), p: z.int() }),
  /** 64 hex digits. */
  salt: z.string(),
  /** 64 hex digits. */
  value: z.string(),
});

/** See {@link slowCheckSchema}. */
export type SlowCheck = z.infer<typeof slowCheckSchema>;

/** Makes a check value with a salt of its own. */
export async function makeSlowCheck(key: Secret, scrypt: ScryptParameters): Promise<SlowCheck> {
  const salt = makeSalt();
  return { scrypt: { ...scrypt }, salt, value: await valueOf(key, scrypt, salt) };
}

/** Whether a key is the one that the check value was made of. */
export const fitsSlowCheck = async (key: Secret, { scrypt, salt, value }: SlowCheck): Promise<boolean> =>
  (await valueOf(key, scrypt, salt)) === value;

async function valueOf(key: Secret, scrypt: ScryptParameters, salt: string): Promise<string> {
  const derived = await deriveKey({ derivation: 'scrypt', scrypt }, key, salt);
  try {
    return checkValueOf('scrypt', derived);
  } finally {
    derived.wipe();
  }
}
