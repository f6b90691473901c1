import * as z from 'zod';

/** How the LUKS key is derived from the password. */
export const keySettings = z
  .strictObject({
    derivation: z
      .enum(['scrypt', 'sha512'])
      .default('scrypt')
      .describe('one of scrypt, and sha512 for keys that were made by hand before extbackup'),
    scrypt: z
      .strictObject({
        N: z
          .int()
          .min(2 ** 14)
          .max(2 ** 20)
          .refine((n) => Number.isInteger(Math.log2(n)), 'must be a power of two')
          .describe('cost; a power of two'),
        r: z.int().min(1).max(32).default(8).describe('block size'),
        p: z.int().min(1).max(16).default(1).describe('parallelism'),
      })
      .optional()
      .describe('cost of one guess: 128 * N * r bytes of memory'),
    check: z
      .string()
      .regex(/^[0-9a-f]{40}$|^[0-9a-f]{64}$/, 'must be 40 (sha512) or 64 (scrypt) hex digits')
      .optional()
      .describe('distinguishes a wrong password from the right one'),
  })
  .refine(
    (key) => key.derivation === 'sha512' || key.scrypt !== undefined,
    'derivation scrypt needs scrypt: {N, r, p}',
  );
