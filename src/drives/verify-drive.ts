import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { flushFilesystem, readSmallFile } from '../system/filesystem.ts';
import type { RunCommand } from '../system/command.ts';
import { bytesOf, verifyTree, type Verdict } from './verify-tree.ts';

/** Report on the disk that names damaged files; there is none while all is well. */
export const damageFile = '.extbackup/damaged-files.txt';

/** Where the next part of a verification goes on. */
const cursorFile = '.extbackup/verify.json';
const cursorSchema = z.object({ version: z.literal(1), next: z.string().min(1) });

/** What to verify, and for how long. */
export interface VerifyWish {
  readonly top: string;
  readonly mirror: string;
  /** undefined reads everything; otherwise the part that can be begun in so many milliseconds, from where the last one ended. */
  readonly limitMs?: number;
  /** Mark damaged files so that the next run copies them again. */
  readonly repair: boolean;
  onProgress(progress: { readonly files: number; readonly bytes: number }): void;
}

/**
 * Verifies an opened disk, or the next part of it, and leaves a report with the names of damaged files on it.
 * @returns counts and, for no message elsewhere, the names
 */
export async function verifyDrive(run: RunCommand, wish: VerifyWish, signal: AbortSignal): Promise<Verdict> {
  const { top, mirror, limitMs } = wish;
  const from = limitMs === undefined ? undefined : await readCursor(top);
  const verdict = await verifyTree({
    top, mirror, onProgress: (progress) => { wish.onProgress(progress); },
    ...(from === undefined ? {} : { from }),
    ...(limitMs === undefined ? {} : { until: Date.now() + limitMs }),
  }, signal);
  await replace(join(top, cursorFile), verdict.next === undefined ? undefined : JSON.stringify({ version: 1, next: verdict.next }));
  const bad = [...verdict.damaged, ...verdict.unreadable];
  if (bad.length > 0 || limitMs === undefined) await replace(join(top, damageFile), bad.length === 0 ? undefined : report(verdict));
  if (wish.repair) {
    // With another time, rsync looks at the file again and copies what differs.
    for (const path of bad) await utimes(Buffer.concat([Buffer.from(join(top, mirror, '/')), bytesOf(path)]), 0, 0);
  }
  await flushFilesystem(run, top, signal);
  return verdict;
}

async function readCursor(top: string): Promise<string | undefined> {
  try {
    return cursorSchema.parse(JSON.parse((await readSmallFile(join(top, cursorFile))) ?? '')).next;
  } catch {
    return undefined; // none yet: from the beginning
  }
}

function report({ damaged, unreadable }: Verdict): Buffer {
  const lines = [
    Buffer.from(`Found at ${new Date().toISOString()}.\nContent differs from what was written, though size and time do not:\n`),
    ...damaged.map((path) => bytesOf(`  ${path}\n`)),
    Buffer.from('Cannot be read:\n'),
    ...unreadable.map((path) => bytesOf(`  ${path}\n`)),
  ];
  return Buffer.concat(lines);
}

/** Replaces a small file, or removes it; never through a link. */
async function replace(file: string, content: string | Buffer | undefined): Promise<void> {
  await rm(file, { force: true });
  if (content !== undefined) await writeFile(file, content, { flag: 'wx', mode: 0o600 });
}
