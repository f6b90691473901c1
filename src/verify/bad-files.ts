import { lstat, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { below, createInsideCheck } from '../history/inside.ts';
import { replaceFile } from '../system/new-file.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { bytesOf, comparePaths, entrySchema, keySchema, splitKey } from './checksum-entry.ts';
import { isRepairMark, repairTime } from './repair-mark.ts';
import { readPiece } from './read-piece.ts';
import type { BadFile } from './verify-tree.ts';

/** Report on the disk that names damaged files; there is none while all is well. */
export const damageFile = '.extbackup/damaged-files.txt';

/** The same for the next verification: a damaged file stays one until it was copied again or is gone. */
const listFile = '.extbackup/damaged-files.json';

const knownSchema = z.object({
  key: keySchema,
  kind: z.enum(['damaged', 'unreadable', 'unreadable-directory']),
  expected: entrySchema.optional(),
  /** Time of the last change of the file as such, in nanoseconds: while it is the same, nobody has put it right. */
  ctimeNs: z.string(),
  foundAt: z.iso.datetime(),
});
export type KnownBadFile = z.infer<typeof knownSchema>;

const listSchema = z.object({ version: z.literal(1), files: z.array(knownSchema) });

/** Files that are named at most; more would say no more about the disk. */
const mostNamed = 10_000;

/** How many files of a disk are known to be damaged. */
export interface BadCounts {
  readonly damaged: number;
  readonly unreadable: number;
}

/** The damaged files that earlier verifications found. */
export async function readBadFiles(top: string): Promise<readonly KnownBadFile[]> {
  try {
    return listSchema.parse(JSON.parse((await readSmallFile(join(top, listFile), 64 * 1024 * 1024)) ?? '')).files;
  } catch {
    return []; // no list, or an unreadable one: the files are found again
  }
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
    if (file.kind === 'unreadable-directory') continue; // its next turn will tell
    const now = await readPiece(root, path, piece, signal);
    if (now === 'gone' || (now !== 'unreadable' && isRight(file, now.entry))) continue;
    left.push({ ...file, ctimeNs });
  }
  return left;
}

/** Another time or size means new content, except the time that {@link markForRepair} sets. */
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

/** Gives damaged files another time, so that rsync copies them again. */
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

/** Pieces of one file are one file. */
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
    ...section('Content differs from what was written, though size and time do not:', 'damaged'),
    ...section('Cannot be read:', 'unreadable'),
    ...section('Directories that cannot be read:', 'unreadable-directory'),
  ]);
}

async function changeTime(root: Buffer, path: string): Promise<string | undefined> {
  try {
    return String((await lstat(below(root, bytesOf(path)), { bigint: true })).ctimeNs);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    return ''; // not even that can be read
  }
}

/** undefined for a file that is gone, is no plain file any more, or is marked already. */
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
