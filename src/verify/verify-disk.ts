import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { assertOwnDirectories } from '../disk/own-directory.ts';
import { flushFilesystem } from '../disk/filesystem.ts';
import { replaceFile } from '../system/new-file.ts';
import { readJsonInside } from '../system/read-json.ts';
import type { StartProgram } from '../system/command.ts';
import {
  countBad,
  markForRepair,
  readBadFiles,
  remembered,
  stillBad,
  writeBadFiles,
  type BadCounts,
} from './bad-files.ts';
import { comparePaths, keySchema } from './checksum-entry.ts';
import { recordCopied, type Recorded } from './record-copied.ts';
import { verifyTree, type VerifyOrder, type Verdict } from './verify-tree.ts';

/** Start of the next part of a verification. */
const cursorFile = '.extbackup/verify.json';
const cursorSchema = z.object({
  version: z.literal(1),
  next: keySchema.optional(),
  /** See record-copied.ts. */
  copied: z.object({ entry: z.string(), offset: z.int().nonnegative() }).optional(),
});
type Cursor = z.infer<typeof cursorSchema>;

/** A part of a verification: continues where the last part ended, and starts again at the beginning after the end. */
export interface Part {
  /** No further piece of a file is started after this many milliseconds. */
  readonly limitMs?: number;
  /** Share of the whole disk, half by files and half by bytes: 1 / share parts cover it. */
  readonly share?: number;
  /** Size of the whole disk; needed for a share. */
  readonly whole?: { readonly files: number; readonly bytes: number };
  /** First record the checksums of newly copied files, in at most half of the time. */
  readonly recordCopied?: boolean;
}

/** The input of a verification. */
export interface VerifyWish {
  readonly top: string;
  readonly mirror: string;
  /** undefined reads everything. */
  readonly part?: Part;
  /** Mark damaged files so that the next run copies them again. */
  readonly repair: boolean;
  isThere?(): Promise<boolean>;
  /** `share` of the requested part, 0 to 1; undefined when it is unknown. */
  onProgress(progress: { readonly files: number; readonly bytes: number; readonly share?: number }): void;
}

/** The result, without file names. */
export interface DiskVerdict {
  readonly compared: number;
  readonly recorded: number;
  readonly bytes: number;
  /** Found by this verification. */
  readonly found: BadCounts;
  /** All known damaged files of the disk, found by this verification or an earlier one. */
  readonly known: BadCounts;
  /** The end of the mirror was reached. */
  readonly complete: boolean;
  readonly cutOff: boolean;
}

/**
 * Verifies an opened disk, or the next part of it, and leaves a report with the names of damaged files on it. An
 * interrupted verification keeps its work.
 */
export async function verifyDisk(start: StartProgram, wish: VerifyWish, signal: AbortSignal): Promise<DiskVerdict> {
  const { top, mirror, part } = wish;
  await assertOwnDirectories(top, mirror, '.extbackup');
  await rm(join(top, '.extbackup/checksums.jsonl'), { force: true }); // an early version kept all in one file
  const cursor: Partial<Cursor> = (await readJsonInside(cursorSchema, join(top, cursorFile))) ?? {};
  const earlier = await readBadFiles(top);
  const fresh = part?.recordCopied === true ? await recordFirst(wish, cursor.copied, signal) : undefined;
  const rest =
    fresh === undefined || part?.limitMs === undefined
      ? wish
      : { ...wish, part: { ...part, limitMs: part.limitMs - fresh.tookMs } };
  const { legs, next } = await verifyLegs(rest, part === undefined ? undefined : cursor.next, signal);
  await replaceFile(
    join(top, cursorFile),
    JSON.stringify({ version: 1, ...(next !== undefined && { next }), copied: fresh?.cursor ?? cursor.copied }),
  );
  const found = legs.flatMap(({ verdict }) => verdict.bad);
  const untouched = earlier.filter(({ key }) => !legs.some((leg) => wasRead(leg, key)));
  const known = [
    ...(await stillBad(top, mirror, untouched, signal)),
    ...(await remembered(top, mirror, found, earlier)),
  ];
  await writeBadFiles(top, known);
  if (wish.repair) await markForRepair(top, mirror, known);
  if (!signal.aborted) await flushFilesystem(start, top, signal); // umount(2) does not report errors of writing
  const sum = (of: (verdict: Verdict) => number): number => legs.reduce((all, { verdict }) => all + of(verdict), 0);
  return {
    compared: sum(({ compared }) => compared),
    recorded: (fresh?.files ?? 0) + sum(({ recorded }) => recorded),
    bytes: (fresh?.bytes ?? 0) + sum(({ bytes }) => bytes),
    found: countBad(found),
    known: countBad(known),
    complete: legs[0]?.verdict.next === undefined,
    cutOff: legs.some(({ verdict }) => verdict.cutOff),
  };
}

async function recordFirst(
  wish: VerifyWish,
  from: Cursor['copied'],
  signal: AbortSignal,
): Promise<Recorded & { readonly tookMs: number }> {
  const begin = performance.now();
  const until = begin + (wish.part?.limitMs ?? Infinity) / 2;
  try {
    return {
      ...(await recordCopied(
        {
          top: wish.top,
          mirror: wish.mirror,
          from,
          isEnough: () => performance.now() >= until,
          onProgress: (done) => {
            wish.onProgress(done);
          },
        },
        signal,
      )),
      tookMs: Math.round(performance.now() - begin),
    };
  } catch (error) {
    if ((await wish.isThere?.()) !== false) throw error;
    return { files: 0, bytes: 0, cursor: from, tookMs: Math.round(performance.now() - begin) }; // pulled out meanwhile
  }
}

/** A stretch of the mirror. */
interface Leg {
  readonly from: string;
  readonly to: string | undefined;
  readonly verdict: Verdict;
}

/** From the cursor to the end and, when there is time left, from the beginning to the cursor. */
async function verifyLegs(
  wish: VerifyWish,
  from: string | undefined,
  signal: AbortSignal,
): Promise<{ legs: readonly Leg[]; next: string | undefined }> {
  const isEnough = limitOf(wish.part);
  const legs: Leg[] = [];
  const walkLeg = async (start: string | undefined, to: string | undefined): Promise<Verdict> => {
    const before = legs.reduce(
      (sum, { verdict }) => ({
        files: sum.files + verdict.compared + verdict.recorded,
        bytes: sum.bytes + verdict.bytes,
      }),
      { files: 0, bytes: 0 },
    );
    const all = (done: { files: number; bytes: number }) => ({
      files: before.files + done.files,
      bytes: before.bytes + done.bytes,
    });
    const order: VerifyOrder = {
      top: wish.top,
      mirror: wish.mirror,
      ...(start !== undefined && { from: start }),
      ...(to !== undefined && { to }),
      ...(wish.isThere && { isThere: () => wish.isThere?.() ?? Promise.resolve(true) }),
      isEnough: (done) => isEnough(all(done)),
      onProgress: (done) => {
        const share = sharesOf(wish.part, all(done));
        wish.onProgress({ ...all(done), ...(share !== undefined && { share: Math.min(1, share) }) });
      },
    };
    const verdict = await verifyTree(order, signal);
    legs.push({ from: start ?? '', to: verdict.next ?? to, verdict });
    return verdict;
  };
  const first = await walkLeg(from, undefined);
  if (first.next !== undefined || from === undefined) return { legs, next: first.next };
  const second = await walkLeg(undefined, from);
  return { legs, next: second.next ?? (wish.part?.share === 1 ? undefined : from) };
}

const wasRead = ({ from, to }: Leg, key: string): boolean =>
  comparePaths(key, from) >= 0 && (to === undefined || comparePaths(key, to) < 0);

/** Progress within the requested share; undefined without a share. */
function sharesOf(
  part: Part | undefined,
  done: { readonly files: number; readonly bytes: number },
): number | undefined {
  if (part?.share === undefined || part.share <= 0 || part.whole === undefined) return undefined;
  const { files, bytes } = part.whole;
  const byFiles = files === 0 ? 1 : done.files / files;
  return (bytes === 0 ? byFiles : (byFiles + done.bytes / bytes) / 2) / part.share;
}

function limitOf(part: Part | undefined): (done: { readonly files: number; readonly bytes: number }) => boolean {
  const until = part?.limitMs === undefined ? Infinity : performance.now() + part.limitMs;
  // the disk may hold more than expected
  return (done) =>
    performance.now() >= until || (part?.share !== undefined && part.share < 1 && (sharesOf(part, done) ?? 0) >= 1);
}
