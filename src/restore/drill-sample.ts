import { isUtf8 } from 'node:buffer';
import { randomInt } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { readCompleteSince } from '../history/complete-since.ts';
import { listHistory } from '../history/history-entry.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { bytesOf } from '../verify/checksum-entry.ts';
import { walk } from '../verify/tree-walk.ts';

/** A file to restore in a drill. */
export interface DrillFile {
  /** Below the mirror, as it is typed. */
  readonly path: string;
  /** The directory on the disk that holds this version: the mirror, or an entry of the history. */
  readonly directory: string;
  /** A time when the file had this content; undefined for the present version. */
  readonly at: Date | undefined;
  readonly size: number;
  readonly isLinked: boolean;
  readonly isSparse: boolean;
}

/** The size of a drill. */
export interface DrillSize {
  /** Number of files. */
  readonly files: number;
  /** Bytes in total; a file that exceeds the rest is left out. */
  readonly bytes: number;
}

/** Number of drawn files for each restored one: enough to find a hard link and a sparse file among them. */
const candidatesPerFile = 20;

/** A quarter of the sample comes from the history, from at most so many entries. */
const mostEntries = 5;

/** Draws files; each has the same chance. @param random a whole number below its argument, for tests */
async function draw(
  root: string,
  count: number,
  signal: AbortSignal,
  random: (below: number) => number,
): Promise<string[]> {
  const drawn: string[] = [];
  let seen = 0;
  for await (const { path, kind } of walk(Buffer.from(root), '')) {
    throwIfCancelled(signal);
    if (kind !== 'file' || !isUtf8(bytesOf(path))) continue; // such a name cannot be typed
    seen += 1;
    const at = drawn.length < count ? drawn.length : random(seen);
    if (at < count) drawn[at] = bytesOf(path).toString('utf8');
  }
  return drawn;
}

async function look(directory: string, path: string, at: Date | undefined): Promise<DrillFile[]> {
  try {
    const { size, nlink, blocks } = await lstat(join(directory, path));
    return [{ path, directory, at, size, isLinked: nlink > 1, isSparse: blocks * 512 < size * 0.9 }];
  } catch {
    return []; // unreadable: "extbackup verify" reports it
  }
}

/** Takes a linked and a sparse file first, then others, as long as they fit. */
function choose(candidates: readonly DrillFile[], { files, bytes }: DrillSize): DrillFile[] {
  const special = [candidates.find(({ isLinked }) => isLinked), candidates.find(({ isSparse }) => isSparse)];
  const ordered = [...new Set([...special.flatMap((one) => one ?? []), ...candidates])];
  const chosen: DrillFile[] = [];
  let room = bytes;
  for (const one of ordered) {
    if (chosen.length >= files || one.size > room) continue;
    chosen.push(one);
    room -= one.size;
  }
  return chosen;
}

/** A random sample of the mirror and of the history of an opened disk. */
export async function drawSample(
  top: string,
  mirror: string,
  size: DrillSize,
  signal: AbortSignal,
  random: (below: number) => number = randomInt,
): Promise<DrillFile[]> {
  const candidates: DrillFile[] = [];
  const root = join(top, mirror);
  for (const path of await draw(root, size.files * candidatesPerFile, signal, random))
    candidates.push(...(await look(root, path, undefined)));
  const old: DrillFile[] = [];
  const share = Math.ceil(size.files / 4);
  const since = await readCompleteSince(top);
  // The first entry of the history does not show the state before it; that before a thinned one was given up.
  const entries = (await listHistory(top)).filter(
    ({ at, isThinned }) => since !== undefined && at > since.at && isThinned !== true,
  );
  for (const { directory, at } of entries.slice(0, mostEntries))
    for (const path of await draw(directory, share, signal, random))
      old.push(...(await look(directory, path, new Date(at.getTime() - 1))));
  const fromHistory = choose(old, { files: share, bytes: size.bytes / 4 });
  const spent = fromHistory.reduce((sum, one) => sum + one.size, 0);
  return [...choose(candidates, { files: size.files - fromHistory.length, bytes: size.bytes - spent }), ...fromHistory];
}
