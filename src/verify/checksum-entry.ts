import * as z from 'zod';

/** Large files are read in pieces of this many bytes, so that a verification can stop within a file. */
export const pieceSize = 1024 ** 3;

/**
 * Key of a piece of a file below the mirror. Each byte of the name is one character, because names need not be UTF-8.
 * The key of the first piece is the path itself. The separator occurs in no name and sorts before every other
 * character.
 */
export const keyOf = (path: string, piece: number): string =>
  piece === 0 ? path : `${path}\0${piece.toString(16).padStart(6, '0')}`;

/** The path and the piece that a key names. */
export function splitKey(key: string): { readonly path: string; readonly piece: number } {
  const [path = '', piece] = key.split('\0');
  return { path, piece: piece === undefined ? 0 : Number.parseInt(piece, 16) };
}

/** Accepts a key that was read from a disk only if it stays inside the mirror and has the form of {@link keyOf}. */
export const keySchema = z
  .string()
  .regex(/^[^\0]+(?:\0[0-9a-f]{6,8})?$/)
  .refine((key) =>
    splitKey(key)
      .path.split('/')
      .every((name) => name !== '' && name !== '.' && name !== '..'),
  );

/** The expected content of a piece of a file. */
export const entrySchema = z.object({
  /** See {@link keyOf}. */
  path: keySchema,
  /** Of the whole file. */
  size: z.number().nonnegative(),
  /** Time of the last change in nanoseconds; a different time or size means different content. */
  mtimeNs: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type ChecksumEntry = z.infer<typeof entrySchema>;

/** Orders keys as the walk through a tree meets them: name by name, by bytes; '' comes before all. */
export function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [index, name] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return left.length - right.length;
}

/** The bytes of a path. */
export const bytesOf = (path: string): Buffer => Buffer.from(path, 'latin1');
