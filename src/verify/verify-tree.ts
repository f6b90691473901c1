import { join } from 'node:path';
import { throwIfCancelled } from '../system/undo.ts';
import { pause } from '../system/pause.ts';
import { comparePaths, keyOf, splitKey, type ChecksumEntry } from './checksum-entry.ts';
import { openChecksums, segmentEntries, type ChecksumStore } from './checksum-store.ts';
import { readPiece, type Piece } from './read-piece.ts';
import { isRepairMark } from './repair-mark.ts';
import { walk } from './tree-walk.ts';

/** The part to read back. */
export interface VerifyOrder {
  /** Where the disk is mounted, with write access. */
  readonly top: string;
  readonly mirror: string;
  /** A key; undefined starts with the first file. */
  readonly from?: string;
  /** The key to stop before; undefined reads to the last file. */
  readonly to?: string;
  /** Called before each piece of a file: whether enough was done for this time. */
  isEnough?(done: { readonly files: number; readonly bytes: number }): boolean;
  /** Whether the disk is still plugged in: a missing disk is not a damaged one. */
  isThere?(): Promise<boolean>;
  onProgress(progress: { readonly files: number; readonly bytes: number }): void;
}

/** A damaged file. */
export interface BadFile {
  /** See `keyOf`. */
  readonly key: string;
  readonly kind: 'damaged' | 'unreadable' | 'unreadable-directory';
  /** The recorded content, if there is a record. */
  readonly expected?: ChecksumEntry;
}

/** The result. Its file names are only for the report on the disk. */
export interface Verdict {
  /** Files that were read back and compared. */
  readonly compared: number;
  /** Files read for the first time since they were new or changed: from now on they can be compared. */
  readonly recorded: number;
  readonly bytes: number;
  readonly bad: readonly BadFile[];
  /** The key to continue at; undefined when the end was reached. */
  readonly next: string | undefined;
  /** It was cancelled, or the disk was pulled out. */
  readonly cutOff: boolean;
}

/** Reading stops after this many bad files: the disk fails as a whole. */
const mostBad = { unreadable: 100, all: 1_000 };

/** Pause before the second try: a disk that is being pulled out fails first and disappears a moment later. */
const readAgainMs = 500;

/**
 * Reads the mirror back and compares it with the checksums on the disk. They are updated on the way, so interrupted
 * work is not lost. Memory does not grow with the number of files.
 * @throws errors of writing
 */
export async function verifyTree(order: VerifyOrder, signal: AbortSignal): Promise<Verdict> {
  const store = await openChecksums(order.top);
  const root = Buffer.from(join(order.top, order.mirror));
  const done = { compared: 0, recorded: 0, bytes: 0 };
  const reading: Reading = { order, signal, store, root, done, bad: [], batch: [], batchFrom: order.from ?? '' };
  const { end, cutOff } = await readAll(reading);
  await keep(reading, end ?? order.to);
  return { ...done, bad: reading.bad, next: end === order.to ? undefined : end, cutOff };
}

/** A verification that is under way. */
interface Reading {
  readonly order: VerifyOrder;
  readonly signal: AbortSignal;
  readonly store: ChecksumStore;
  /** The mirror. */
  readonly root: Buffer;
  readonly done: { compared: number; recorded: number; bytes: number };
  readonly bad: BadFile[];
  /** Entries from `batchFrom` on, not written yet. */
  batch: ChecksumEntry[];
  batchFrom: string;
}

/** @returns the first key that was not read; undefined after the last file */
async function readAll(reading: Reading): Promise<{ readonly end: string | undefined; readonly cutOff: boolean }> {
  const { order, signal, root } = reading;
  const first = splitKey(order.from ?? '');
  for await (const { path, kind } of walk(root, first.path)) {
    const firstPiece = path === first.path ? first.piece : 0;
    for (let piece = firstPiece; ; piece += 1) {
      const key = keyOf(path, piece);
      if (order.to !== undefined && comparePaths(key, order.to) >= 0) return { end: order.to, cutOff: false };
      if (signal.aborted) return { end: key, cutOff: true };
      if (isAll(reading)) return { end: key, cutOff: false };
      if (reading.batch.length >= segmentEntries) await keep(reading, key);
      const outcome =
        kind === 'file'
          ? await comparePiece(reading, path, piece, piece === firstPiece)
          : await noteDirectory(reading, key);
      if (outcome === 'cut-off') return { end: key, cutOff: true };
      if (outcome === 'next-file') break;
    }
  }
  return { end: undefined, cutOff: false };
}

/** Whether to stop: enough was read, or too much is bad. */
function isAll({ order, bad, done }: Reading): boolean {
  return (
    bad.length >= mostBad.all ||
    bad.filter(({ kind }) => kind !== 'damaged').length >= mostBad.unreadable ||
    order.isEnough?.({ files: done.compared + done.recorded, bytes: done.bytes }) === true
  );
}

/** Writes the batch as the checksums from its start to a key. */
async function keep(reading: Reading, to: string | undefined): Promise<void> {
  await reading.store.replace(reading.batchFrom, to, reading.batch);
  reading.batch = [];
  reading.batchFrom = to ?? reading.batchFrom;
}

async function noteDirectory({ order, bad }: Reading, key: string): Promise<'next-file' | 'cut-off'> {
  if ((await order.isThere?.()) === false) return 'cut-off';
  bad.push({ key, kind: 'unreadable-directory' });
  return 'next-file';
}

async function comparePiece(
  reading: Reading,
  path: string,
  piece: number,
  isFirst: boolean,
): Promise<'next-piece' | 'next-file' | 'cut-off'> {
  const { order, store, done, bad, batch } = reading;
  const key = keyOf(path, piece);
  const found = await readTwice(reading, path, piece);
  if (found === 'cut-off') return 'cut-off';
  if (found === 'gone') return 'next-file';
  const before = await store.find(key);
  if (found === 'unreadable') {
    bad.push({ key, kind: found, ...(before && { expected: before }) });
    if (before) batch.push(before);
    return 'next-file';
  }
  const same = isSame(before, found.entry) ? before : undefined;
  if (same !== undefined && same.sha256 !== found.entry.sha256) bad.push({ key, kind: 'damaged', expected: same });
  batch.push(same ?? found.entry); // a damaged file keeps the checksum of its right content
  done.bytes += found.bytes;
  if (isFirst) done[same ? 'compared' : 'recorded'] += 1;
  order.onProgress({ files: done.compared + done.recorded, bytes: done.bytes });
  return found.isLast ? 'next-file' : 'next-piece';
}

/** Reads an unreadable piece once more. If the disk is gone by then, the file is not counted as damaged. */
async function readTwice(
  { order, root, signal }: Reading,
  path: string,
  piece: number,
): Promise<Piece | 'gone' | 'unreadable' | 'cut-off'> {
  try {
    let found = await readPiece(root, path, piece, signal);
    if (found === 'unreadable') {
      await pause(readAgainMs, signal);
      found = await readPiece(root, path, piece, signal);
    }
    return found === 'unreadable' && (await order.isThere?.()) === false ? 'cut-off' : found;
  } catch (error) {
    if (signal.aborted) return 'cut-off';
    throw error;
  }
}

/** A file that is marked for repair is still compared with its old checksum, until it is copied again. */
const isSame = (before: ChecksumEntry | undefined, now: ChecksumEntry): boolean =>
  before?.size === now.size && (before.mtimeNs === now.mtimeNs || isRepairMark(now.mtimeNs));

/** For callers that need a whole verification: throws the reason of the interruption. */
export function throwIfCutOff(verdict: Pick<Verdict, 'cutOff'>, signal: AbortSignal): void {
  throwIfCancelled(signal);
  if (verdict.cutOff) throw new Error('the disk went away');
}
