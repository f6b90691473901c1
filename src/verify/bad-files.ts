import { lstat, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { below, createInsideCheck } from '../history/inside.ts';
import { replaceFile } from '../system/new-file.ts';
import { readJsonInside } from '../system/read-json.ts';
import { bytesOf, comparePaths, entrySchema, keySchema, splitKey } from './checksum-entry.ts';
import { isRepairMark, repairTime } from './repair-mark.ts';
import { readPiece } from './read-piece.ts';
import type { BadFile } from './verify-tree.ts';

/** Report on the disk with the names of damaged files; it exists only when there are any. */
export const damageFile = '.extbackup/damaged-files.txt';

/** The same list for the next verification: a file counts as damaged until it is copied again or gone. */
const listFile = '.extbackup/damaged-files.json';

const knownSchema = z.object({
  key: keySchema,
  kind: z.enum(['damaged', 'unreadable', 'unreadable-directory']),
  expected: entrySchema.optional(),
  /** Status change time (ctime) in nanoseconds: while it is the same, the file was not replaced. */
  ctimeNs: z.string(),
  foundAt: z.iso.datetime(),
});
export type KnownBadFile = z.infer<typeof knownSchema>;

const listSchema = z.object({ version: z.literal(1), files: z.array(knownSchema) });

/** Most files in the report: more would tell nothing new about the disk. */
const mostNamed = 10_000;

/** How many files of a disk are known to be damaged. */
export interface BadCounts {
  readonly damaged: number;
  readonly unreadable: number;
}

/** The damaged files that earlier verifications found. */
export async function readBadFiles(top: string): Promise<readonly KnownBadFile[]> {
  const list = await readJsonInside(listSchema, join(top, listFile), 64 * 1024 * 1024);
  return list?.files ?? []; // no list, or it is unreadable: the next verification finds the files again
}

/** Files of earlier verifications that are still bad. Only files that have changed since are read again. */
export async function stillBad(
  top: string,
  mirror: string,
  files: readonly KnownBadFile[],
  signal: AbortSignal,
): Promise<KnownBadFile[]> {
  const root = Buffer.from(join(top, mirror));
  const isInside = createInsideCheck(root);
  const left: KnownBadFile[] = [];
  for (const file of files) {
    const { path, piece } = splitKey(file.key);
    if (!(await isInside(bytesOf(path)))) continue;
    const ctimeNs = await changeTime(root, path);
    if (ctimeNs === undefined) continue;
    if (ctimeNs === file.ctimeNs || signal.aborted) {
      left.push(file);
      continue;
    }
    if (file.kind === 'unreadable-directory') continue; // the next verification checks it
    const now = await readPiece(root, path, piece, signal);
    if (now === 'gone' || (now !== 'unreadable' && isRight(file, now.entry))) continue;
    left.push({ ...file, ctimeNs });
  }
  return left;
}

/** A different time or size means new content, except for the time that {@link markForRepair} sets. */
const isRight = ({ expected }: KnownBadFile, now: NonNullable<KnownBadFile['expected']>): boolean =>
  now.sha256 === expected?.sha256 ||
  (!isRepairMark(now.mtimeNs) &&
    (expected === undefined || now.mtimeNs !== expected.mtimeNs || now.size !== expected.size));

/** The findings of a verification as entries of the list. */
export async function remembered(
  top: string,
  mirror: string,
  found: readonly BadFile[],
  before: readonly KnownBadFile[],
): Promise<KnownBadFile[]> {
  const foundBefore = new Map(before.map(({ key, foundAt }) => [key, foundAt]));
  const root = Buffer.from(join(top, mirror));
  return Promise.all(
    found.map(async (file) => ({
      ...file,
      ctimeNs: (await changeTime(root, splitKey(file.key).path)) ?? '',
      foundAt: foundBefore.get(file.key) ?? new Date().toISOString(),
    })),
  );
}

/** Writes list and report, or removes both. */
export async function writeBadFiles(top: string, files: readonly KnownBadFile[]): Promise<void> {
  const sorted = files.toSorted((a, b) => comparePaths(a.key, b.key)).slice(0, mostNamed);
  await replaceOrRemove(
    join(top, listFile),
    sorted.length === 0 ? undefined : JSON.stringify({ version: 1, files: sorted }),
  );
  await replaceOrRemove(join(top, damageFile), sorted.length === 0 ? undefined : report(sorted));
}

/** Changes the time of damaged files, so that rsync copies them again. */
export async function markForRepair(
  top: string,
  mirror: string,
  files: readonly Pick<KnownBadFile, 'key' | 'kind'>[],
): Promise<void> {
  const root = Buffer.from(join(top, mirror));
  const isInside = createInsideCheck(root);
  for (const { key, kind } of files) {
    const path = bytesOf(splitKey(key).path);
    if (kind === 'unreadable-directory' || !(await isInside(path))) continue;
    const time = await timeToSet(below(root, path));
    if (time !== undefined) await utimes(below(root, path), time, time);
  }
}

/** Pieces of one file count as one file. */
export function countBad(files: readonly Pick<KnownBadFile, 'key' | 'kind'>[]): BadCounts {
  const of = (wanted: boolean): number =>
    new Set(files.filter(({ kind }) => (kind === 'damaged') === wanted).map(({ key }) => splitKey(key).path)).size;
  return { damaged: of(true), unreadable: of(false) };
}

function report(files: readonly KnownBadFile[]): Buffer {
  const section = (title: string, kind: KnownBadFile['kind']): Buffer[] => {
    const paths = new Map(
      files.filter((file) => file.kind === kind).map(({ key, foundAt }) => [splitKey(key).path, foundAt]),
    );
    return paths.size === 0
      ? []
      : [
          Buffer.from(`${title}\n`),
          ...[...paths].map(([path, at]) =>
            Buffer.concat([Buffer.from(`${at.slice(0, 16)}Z  `), bytesOf(`${path}\n`)]),
          ),
        ];
  };
  return Buffer.concat([
    Buffer.from('Paths are below the mirror; the time tells when it was found.\n'),
    ...section('The content differs from the copied one, although size and time are the same:', 'damaged'),
    ...section('Cannot be read:', 'unreadable'),
    ...section('Directories that cannot be read:', 'unreadable-directory'),
  ]);
}

async function changeTime(root: Buffer, path: string): Promise<string | undefined> {
  try {
    return String((await lstat(below(root, bytesOf(path)), { bigint: true })).ctimeNs);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    return ''; // not even its status can be read
  }
}

/** undefined for a file that is gone, no longer a plain file, or already marked. */
async function timeToSet(path: Buffer): Promise<number | undefined> {
  try {
    const stats = await lstat(path, { bigint: true });
    return stats.isFile() ? repairTime(stats.mtimeNs) : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces a small file; without content removes it. */
export async function replaceOrRemove(file: string, content: string | Buffer | undefined): Promise<void> {
  if (content === undefined) await rm(file, { force: true });
  else await replaceFile(file, content);
}
