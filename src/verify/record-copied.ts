import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { readCopied } from '../history/change-log.ts';
import { listHistory, type HistoryEntry } from '../history/history-entry.ts';
import { below, createInsideCheck } from '../history/inside.ts';
import { keyOf, type ChecksumEntry } from './checksum-entry.ts';
import { openChecksums, segmentEntries, type ChecksumStore } from './checksum-store.ts';
import { isRepairMark } from './repair-mark.ts';
import { readPiece } from './read-piece.ts';

/** Position in the logs of the runs: everything before it has checksums. */
export interface CopiedCursor {
  /** Name of an entry of the history. */
  readonly entry: string;
  /** Byte of its log. */
  readonly offset: number;
}

/** The files that were read for the first time. */
export interface Recorded {
  readonly files: number;
  readonly bytes: number;
  readonly cursor: CopiedCursor | undefined;
}

/** The input. */
export interface RecordOrder {
  readonly top: string;
  readonly mirror: string;
  /** undefined begins with the oldest log. */
  readonly from: CopiedCursor | undefined;
  /** Asked before each piece of a file. */
  isEnough(): boolean;
  onProgress(done: { readonly files: number; readonly bytes: number }): void;
}

/**
 * Records the checksums of the files that the runs copied, by the logs on the disk, so a file can be compared soon
 * after its first run. A file with a checksum keeps it: if it was damaged since, it must not get a new one.
 */
export async function recordCopied(order: RecordOrder, signal: AbortSignal): Promise<Recorded> {
  const { top, mirror, from } = order;
  const store = await openChecksums(top);
  const root = Buffer.from(join(top, mirror));
  const isInside = createInsideCheck(root);
  const done = { files: 0, bytes: 0 };
  let batch: ChecksumEntry[] = [];
  let cursor = from;
  const isAll = (): boolean => signal.aborted || order.isEnough();

  const record = async (path: string): Promise<boolean> => {
    const pieces: ChecksumEntry[] = []; // a file that was not read to its end gets no checksum
    for (let piece = 0; ; piece += 1) {
      if (isAll()) return false;
      const found = await readPiece(root, path, piece, signal).catch((error: unknown) => {
        if (signal.aborted) return 'cut-off' as const;
        throw error;
      });
      if (found === 'cut-off') return false;
      if (found === 'gone' || found === 'unreadable') return true; // the verification of the whole disk checks it
      pieces.push(found.entry);
      done.bytes += found.bytes;
      if (!found.isLast) continue;
      batch.push(...pieces);
      done.files += 1;
      order.onProgress(done);
      return true;
    }
  };
  const keep = async (): Promise<void> => {
    await store.add(batch);
    batch = [];
  };

  for (const { entry, offset } of await logsFrom(top, from)) {
    for await (const { path, next } of readCopied(entry.log, offset)) {
      const here = path.toString('latin1');
      if ((await isInside(path)) && !(await isKnown(store, below(root, path), here)) && !(await record(here))) {
        await keep();
        return { ...done, cursor };
      }
      if (batch.length >= segmentEntries) await keep();
      cursor = { entry: entry.name, offset: next };
    }
  }
  await keep();
  return { ...done, cursor };
}

/** The logs that are not processed yet, the oldest first. */
async function logsFrom(
  top: string,
  from: CopiedCursor | undefined,
): Promise<{ readonly entry: HistoryEntry; readonly offset: number }[]> {
  const entries = (await listHistory(top)).reverse();
  return entries
    .filter(({ name }) => from === undefined || name >= from.entry)
    .map((entry) => ({ entry, offset: entry.name === from?.entry ? from.offset : 0 }));
}

async function isKnown(store: ChecksumStore, file: Buffer, path: string): Promise<boolean> {
  const known = await store.find(keyOf(path, 0));
  if (known === undefined) return false;
  const stats = await lstat(file, { bigint: true }).catch(() => undefined);
  return (
    stats !== undefined &&
    Number(stats.size) === known.size &&
    (known.mtimeNs === String(stats.mtimeNs) || isRepairMark(String(stats.mtimeNs)))
  );
}
