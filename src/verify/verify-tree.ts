import { join } from 'node:path';
import { throwIfCancelled } from '../system/undo.ts';
import { pause } from '../system/pause.ts';
import { comparePaths, keyOf, splitKey, type ChecksumEntry } from './checksum-entry.ts';
import { openChecksums, segmentEntries } from './checksum-store.ts';
import { readPiece, type Piece } from './read-piece.ts';
import { walk } from './tree-walk.ts';

/** What to read back. */
export interface VerifyOrder {
  /** Where the disk is mounted, with write access. */
  readonly top: string;
  readonly mirror: string;
  /** A key; undefined starts with the first file. */
  readonly from?: string;
  /** A key that is not read any more; undefined goes on to the last file. */
  readonly to?: string;
  /** Asked before each piece of a file, with what was done so far: whether that is all for this time. */
  isEnough?(done: { readonly files: number; readonly bytes: number }): boolean;
  /** Whether the disk is still plugged in: one that is not cannot be read, but is not damaged. */
  isThere?(): Promise<boolean>;
  onProgress(progress: { readonly files: number; readonly bytes: number }): void;
}

/** A file that is not what it should be. */
export interface BadFile {
  /** See `keyOf`. */
  readonly key: string;
  readonly kind: 'damaged' | 'unreadable' | 'unreadable-directory';
  /** What it should contain, where that is known. */
  readonly expected?: ChecksumEntry;
}

/** What was found. File names: only for the report on the disk. */
export interface Verdict {
  /** Files that were read back and compared. */
  readonly compared: number;
  /** Files read for the first time, or since they changed: from now on they can be compared. */
  readonly recorded: number;
  readonly bytes: number;
  readonly bad: readonly BadFile[];
  /** Where to go on next time; undefined when the end was reached. */
  readonly next: string | undefined;
  /** It ended because it was cancelled, or the disk was pulled out. */
  readonly cutOff: boolean;
}

/** A disk that fails altogether is not read to its end. */
const mostBad = { unreadable: 100, all: 1_000 };

/** A read that failed is tried once more after so long: a disk that is being pulled out fails first and is gone then. */
const readAgainMs = 500;

/**
 * Reads the mirror back and compares it with the checksums on the disk, which are brought up to date as it goes, so that
 * what was done counts when it is cut off. Memory does not grow with the number of files.
 * @throws errors of writing
 */
export async function verifyTree(order: VerifyOrder, signal: AbortSignal): Promise<Verdict> {
  const store = await openChecksums(order.top);
  const root = Buffer.from(join(order.top, order.mirror));
  const first = splitKey(order.from ?? '');
  const bad: BadFile[] = [];
  const done = { compared: 0, recorded: 0, bytes: 0 };
  let batch: ChecksumEntry[] = [];
  let batchFrom = order.from ?? '';
  let cutOff = false;

  const keep = async (to: string | undefined): Promise<void> => {
    await store.replace(batchFrom, to, batch);
    batch = [];
    batchFrom = to ?? batchFrom;
  };
  const isAll = (): boolean =>
    bad.length >= mostBad.all ||
    bad.filter(({ kind }) => kind !== 'damaged').length >= mostBad.unreadable ||
    order.isEnough?.({ files: done.compared + done.recorded, bytes: done.bytes }) === true;
  const read = async (path: string, piece: number): Promise<Piece | 'gone' | 'unreadable' | 'cut-off'> => {
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
  };

  const work = async (): Promise<string | undefined> => {
    for await (const { path, kind } of walk(root, first.path)) {
      let counted: boolean | undefined;
      for (let piece = path === first.path ? first.piece : 0; ; piece += 1) {
        const key = keyOf(path, piece);
        if (order.to !== undefined && comparePaths(key, order.to) >= 0) return order.to;
        if (signal.aborted) cutOff = true;
        if (cutOff || isAll()) return key;
        if (batch.length >= segmentEntries) await keep(key);
        if (kind !== 'file') {
          if ((await order.isThere?.()) === false) {
            cutOff = true;
            return key;
          }
          bad.push({ key, kind });
          break;
        }
        const found = await read(path, piece);
        if (found === 'cut-off') {
          cutOff = true;
          return key;
        }
        if (found === 'gone') break;
        const before = await store.find(key);
        if (found === 'unreadable') {
          bad.push({ key, kind: found, ...(before && { expected: before }) });
          if (before) batch.push(before);
          break;
        }
        const same = isSame(before, found.entry) ? before : undefined;
        if (same !== undefined && same.sha256 !== found.entry.sha256)
          bad.push({ key, kind: 'damaged', expected: same });
        batch.push(same ?? found.entry); // a damaged file keeps the checksum that it should have
        done.bytes += found.bytes;
        if (counted === undefined) done[same ? 'compared' : 'recorded'] += 1;
        counted = true;
        order.onProgress({ files: done.compared + done.recorded, bytes: done.bytes });
        if (found.isLast) break;
      }
    }
    return undefined;
  };

  const end = await work();
  await keep(end ?? order.to);
  return { ...done, bad, next: end === order.to ? undefined : end, cutOff };
}

/** Time 0 is what a damaged file is given to have it copied again: until then it is compared with what it should be. */
const isSame = (before: ChecksumEntry | undefined, now: ChecksumEntry): boolean =>
  before?.size === now.size && (before.mtimeNs === now.mtimeNs || now.mtimeNs === '0');

/** For callers that have no use for a part: passes on why it was cut off. */
export function throwIfCutOff(verdict: Pick<Verdict, 'cutOff'>, signal: AbortSignal): void {
  throwIfCancelled(signal);
  if (verdict.cutOff) throw new Error('the disk went away');
}
