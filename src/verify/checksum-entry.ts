import { z } from 'zod';

/** Large files are read in pieces of so many bytes, so that a part of a verification can end within one. */
export const pieceSize = 1024 ** 3;

/**
 * Names a piece of a file below the mirror. Each byte of the name is one character, because names need not be UTF-8.
 * The first piece has the path itself; no name has the separator, which sorts before every other character.
 */
export const keyOf = (path: string, piece: number): string =>
  piece === 0 ? path : `${path}\0${piece.toString(16).padStart(6, '0')}`;

/** The path and the piece that a key names. */
export function splitKey(key: string): { readonly path: string; readonly piece: number } {
  const [path = '', piece] = key.split('\0');
  return { path, piece: piece === undefined ? 0 : Number.parseInt(piece, 16) };
}

/** A key as it is read back from a disk: it never leads out of the mirror, and names a piece as {@link keyOf} does. */
export const keySchema = z
  .string()
  .regex(/^[^\0]+(?:\0[0-9a-f]{6,8})?$/)
  .refine((key) =>
    splitKey(key)
      .path.split('/')
      .every((name) => name !== '' && name !== '.' && name !== '..'),
  );

/** What a piece of a file must contain. */
export const entrySchema = z.object({
  /** See {@link keyOf}. */
  path: keySchema,
  /** Of the whole file. */
  size: z.number().nonnegative(),
  /** Time of the last change in nanoseconds; with another time or size it is another content. */
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

/** A path as the bytes that it stands for. */
export const bytesOf = (path: string): Buffer => Buffer.from(path, 'latin1');
