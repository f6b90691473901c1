import { lstat, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ExtbackupError } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { keyOf, type ChecksumEntry } from '../verify/checksum-entry.ts';
import { openChecksums, type ChecksumStore } from '../verify/checksum-store.ts';
import { readPiece, type Piece } from '../verify/read-piece.ts';
import type { DrillFile } from './drill-sample.ts';
import { restoreFiles } from './restore-files.ts';
import { layersFor } from './restore-plan.ts';

/** An opened disk, and a directory that is removed afterwards. */
export interface DrillPlace {
  readonly top: string;
  readonly mirror: string;
  /** Takes the restored files. */
  readonly room: string;
}

/** The result of a drill. Counts only: no file name. */
export interface DrillResult {
  readonly files: number;
  readonly bytes: number;
  readonly fromHistory: number;
  readonly linked: number;
  readonly sparse: number;
  /** Files compared with the checksum that was recorded when they were copied; the others are compared with the file on the disk. */
  readonly recorded: number;
  /** Not restored, or with another content. */
  readonly bad: number;
  /** With the right content, but another owner, mode, time, ACL or extended attribute. */
  readonly attributes: number;
}

/**
 * Restores each file of a sample as a person would, one after the other, and compares it with its checksum.
 * @throws the signal's reason when it is aborted
 */
export async function restoreSample(
  start: StartProgram,
  place: DrillPlace,
  sample: readonly DrillFile[],
  onFile: (done: number) => void,
  signal: AbortSignal,
): Promise<DrillResult> {
  const store = await openChecksums(place.top).catch(() => undefined); // a disk that is open read-only may have none
  const counts = { files: 0, bytes: 0, fromHistory: 0, linked: 0, sparse: 0, recorded: 0, bad: 0, attributes: 0 };
  for (const [index, file] of sample.entries()) {
    throwIfCancelled(signal);
    const end = await restoreOne(start, place, file, String(index), store, signal);
    counts.files += 1;
    counts.bytes += file.size;
    counts.fromHistory += file.at === undefined ? 0 : 1;
    counts.linked += file.isLinked ? 1 : 0;
    counts.sparse += file.isSparse ? 1 : 0;
    if (end === 'bad') counts.bad += 1;
    else {
      counts.recorded += end.isRecorded ? 1 : 0;
      counts.attributes += end.hasAttributes ? 0 : 1;
    }
    onFile(counts.files);
  }
  return counts;
}

async function restoreOne(
  start: StartProgram,
  { top, mirror, room }: DrillPlace,
  file: DrillFile,
  name: string,
  store: ChecksumStore | undefined,
  signal: AbortSignal,
): Promise<'bad' | { readonly isRecorded: boolean; readonly hasAttributes: boolean }> {
  const target = join(room, name, basename(file.path));
  try {
    await mkdir(dirname(target), { mode: 0o700 });
    const order = { target, overwrite: false, dryRun: false, onProgress: nothing, onName: nothing };
    const layers = await layersFor(top, mirror, file.path, file.at);
    const missing = await restoreFiles(start, { ...order, layers }, signal);
    if (missing.unwritten.size > 0) return 'bad';
    const content = await compare(file, target, file.at === undefined ? store : undefined, signal);
    if (content === 'bad') return 'bad';
    const hasAttributes =
      missing.attributes.size === 0 && (await looksTheSame(join(file.directory, file.path), target));
    return { isRecorded: content === 'recorded', hasAttributes };
  } catch (error) {
    throwIfCancelled(signal);
    // EXB_RESTORE means a problem of the target, not of the disk.
    if (error instanceof ExtbackupError && error.code !== 'EXB_RESTORE') return 'bad';
    throw error;
  }
}

const nothing = (): void => undefined;

/** Compares each piece with its checksum from the time of copying, or else with the file on the disk. */
async function compare(
  file: DrillFile,
  target: string,
  store: ChecksumStore | undefined,
  signal: AbortSignal,
): Promise<'bad' | 'recorded' | 'same'> {
  let isRecorded = true;
  const path = Buffer.from(file.path).toString('latin1');
  const restored = Buffer.from(basename(target)).toString('latin1');
  for (let piece = 0; ; piece += 1) {
    const found = await readPiece(Buffer.from(dirname(target)), restored, piece, signal);
    if (!isPiece(found)) return 'bad';
    const known = await store?.find(keyOf(path, piece));
    const recorded = known && isOf(known, found.entry) ? known : undefined;
    isRecorded &&= recorded !== undefined;
    const right = recorded ?? (await onDisk(file, path, piece, signal));
    if (right?.sha256 !== found.entry.sha256 || right.size !== found.entry.size) return 'bad';
    if (found.isLast) return isRecorded ? 'recorded' : 'same';
  }
}

const isPiece = (found: Piece | string): found is Piece => typeof found !== 'string';

/** Whether a recorded checksum belongs to this version of the file; see verify-tree.ts. */
const isOf = (known: ChecksumEntry, now: ChecksumEntry): boolean =>
  known.size === now.size && known.mtimeNs === now.mtimeNs;

async function onDisk(
  { directory }: DrillFile,
  path: string,
  piece: number,
  signal: AbortSignal,
): Promise<ChecksumEntry | undefined> {
  const found = await readPiece(Buffer.from(directory), path, piece, signal);
  return isPiece(found) ? found.entry : undefined;
}

async function looksTheSame(original: string, restored: string): Promise<boolean> {
  const [a, b] = await Promise.all([original, restored].map((path) => lstat(path)));
  if (a === undefined || b === undefined) return false;
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && Math.abs(a.mtimeMs - b.mtimeMs) < 1;
}
