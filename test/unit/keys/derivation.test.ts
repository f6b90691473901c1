import { createHash, scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  checkValueOf,
  chooseScryptParameters,
  deriveKey,
  scryptMemory,
  scryptParametersWithin,
} from '../../../src/keys/derivation.ts';
import { Secret } from '../../../src/system/secret.ts';

const MiB = 2 ** 20;
const secret = (text: string): Secret => new Secret(Buffer.from(text, 'utf8'));

describe('the cost of a guess', () => {
  it.each([
    [64 * 1024, 2 ** 20],
    [4 * 1024, 2 ** 20],
    [4 * 1024 - 1, 2 ** 19],
    [1_536, 2 ** 18],
    [512, 2 ** 17],
    [16, 2 ** 14],
  ])('on a machine with %i MiB of memory is N = %i', (memory, N) => {
    expect(chooseScryptParameters(memory * MiB)).toEqual({ N, r: 8, p: 1 });
  });

  it('takes exactly the memory that was allowed when that is a power of two', () => {
    expect(scryptMemory(scryptParametersWithin(64 * MiB))).toBe(64 * MiB);
  });
});

describe('the key', () => {
  const cheap = { derivation: 'scrypt' as const, scrypt: { N: 2 ** 14, r: 8, p: 1 } };
  const salt = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';

  it('is 128 hex digits of scrypt over the bytes behind the salt', async () => {
    const key = await deriveKey(cheap, secret('correct horse'), salt);
    const expected = scryptSync('correct horse', Buffer.from(salt, 'hex'), 64, { N: 2 ** 14, r: 8, p: 1 }).toString(
      'hex',
    );
    expect(key.reveal().toString('latin1')).toBe(expected);
  });

  it('is, for old machines, the SHA-512 of SALT.password in hex', async () => {
    const key = await deriveKey({ derivation: 'sha512' }, secret('pässwörd'), 'my.salt');
    expect(key.reveal().toString('latin1')).toBe(createHash('sha512').update('my.salt.pässwörd').digest('hex'));
  });
});

describe('the check value', () => {
  it('is the SHA-1 of the hex digits on old machines', () => {
    expect(checkValueOf('sha512', secret('ab'))).toBe(createHash('sha1').update('ab').digest('hex'));
  });

  it('has 64 digits, is the same every time and differs from key to key', () => {
    const [one, again, other] = ['a', 'a', 'b'].map((digit) => checkValueOf('scrypt', secret(digit.repeat(128))));
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });
});
