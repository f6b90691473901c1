import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { throwIfCancelled } from '../system/undo.ts';
import { bytesOf, keyOf, pieceSize, type ChecksumEntry } from './checksum-entry.ts';
import { mediumErrors } from './tree-walk.ts';

/** The present content of a piece of a file on the disk. */
export interface Piece {
  readonly entry: ChecksumEntry;
  /** Bytes that were read. */
  readonly bytes: number;
  readonly isLast: boolean;
}

/**
 * Reads a piece of a file back. Content that was written before the file system was mounted comes from the medium;
 * fresh content comes from memory.
 * @param path each byte of the name as one character
 * @throws the signal's reason when it is aborted
 */
export async function readPiece(
  root: Buffer,
  path: string,
  piece: number,
  signal: AbortSignal,
): Promise<Piece | 'gone' | 'unreadable'> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(
      Buffer.concat([root, bytesOf(`/${path}`)]),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NOATIME | constants.O_NONBLOCK,
    );
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) return 'gone';
    const size = Number(stats.size);
    const start = piece * pieceSize;
    const end = Math.min(size, start + pieceSize);
    if (start > 0 && start >= size) return 'gone';
    const hash = createHash('sha256');
    if (end > start) {
      const stream = handle.createReadStream({
        autoClose: false,
        start,
        end: end - 1,
        highWaterMark: 1024 * 1024,
        signal,
      });
      for await (const chunk of stream) hash.update(chunk as Buffer);
    }
    const entry = { path: keyOf(path, piece), size, mtimeNs: String(stats.mtimeNs), sha256: hash.digest('hex') };
    return { entry, bytes: end - start, isLast: end >= size };
  } catch (error) {
    throwIfCancelled(signal);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return 'gone';
    if (mediumErrors.includes(code)) return 'unreadable';
    throw error;
  } finally {
    await handle?.close();
  }
}
