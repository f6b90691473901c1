import { createHash, hkdfSync, scrypt, type ScryptOptions } from 'node:crypto';
import type { KeySettings } from '../config/schema.ts';
import { Secret } from '../system/secret.ts';

/** Cost of one guess; see RFC 7914. Memory is 128 * N * r bytes. */
export interface ScryptParameters {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

const blockSize = 8;
const largestN = 2 ** 20;
const smallestN = 2 ** 14;

/** Memory that one derivation takes, in bytes. */
export const scryptMemory = ({ N, r }: ScryptParameters): number => 128 * N * r;

/**
 * The most expensive parameters that this machine can afford at every unlock: at most a quarter of its memory, at most
 * 1 GiB.
 * @param totalBytes memory of the machine
 */
export function chooseScryptParameters(totalBytes: number): ScryptParameters {
  return scryptParametersWithin(totalBytes / 4);
}

/** The most expensive parameters within `bytes` of memory, between 16 MiB and 1 GiB. */
export function scryptParametersWithin(bytes: number): ScryptParameters {
  const fitting = 2 ** Math.floor(Math.log2(Math.max(1, bytes / (128 * blockSize))));
  return { N: Math.min(largestN, Math.max(smallestN, fitting)), r: blockSize, p: 1 };
}

/**
 * Builds the LUKS key: 64 bytes, written as 128 lower-case hex digits.
 *
 * `scrypt` takes the password in Unicode form NFC and the salt as the bytes behind its hex digits. `sha512` is the
 * SHA-512 of `SALT.password`, both exactly as typed, and exists for machines that were set up by hand.
 * @param password one that {@link checkPassword} accepted
 * @param salt text of the salt file, without a newline
 */
export async function deriveKey(
  settings: Pick<KeySettings, 'derivation' | 'scrypt'>,
  password: Secret,
  salt: string,
): Promise<Secret> {
  if (settings.derivation === 'sha512') {
    return hexSecret(createHash('sha512').update(salt, 'utf8').update('.').update(password.reveal()).digest());
  }
  if (settings.scrypt === undefined) throw new Error('the configuration was not checked');
  const { N, r, p } = settings.scrypt;
  const options = { N, r, p, maxmem: scryptMemory({ N, r, p }) + 128 * r * p + 32 * 1024 * 1024 };
  return hexSecret(await runScrypt(password.reveal(), Buffer.from(salt, 'hex'), options));
}

/**
 * A check value: it distinguishes the right key from a wrong one and reveals nothing about the key. It is computed from
 * the key, so testing a guess costs a whole derivation.
 * @returns 64 hex digits (scrypt: HKDF-SHA256) or 40 (sha512: SHA-1 of the key's hex digits)
 */
export function checkValueOf(derivation: KeySettings['derivation'], key: Secret): string {
  if (derivation === 'sha512') return createHash('sha1').update(key.reveal()).digest('hex');
  return Buffer.from(hkdfSync('sha256', key.reveal(), Buffer.alloc(0), 'extbackup key check v1', 32)).toString('hex');
}

function runScrypt(password: Buffer, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 64, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

/** Converts to hex digits as bytes, never as a string: a string cannot be overwritten. Wipes `raw`. */
function hexSecret(raw: Buffer): Secret {
  const digits = '0123456789abcdef';
  const text = Buffer.alloc(raw.length * 2);
  for (const [index, byte] of raw.entries()) {
    text[index * 2] = digits.charCodeAt(byte >> 4);
    text[index * 2 + 1] = digits.charCodeAt(byte & 15);
  }
  raw.fill(0);
  return new Secret(text);
}
