import { link, lstat, mkdir, open, type FileHandle } from 'node:fs/promises';
import type { Change } from '../history/change.ts';
import { printedName } from '../history/change-log.ts';
import { below, createInsideCheck } from '../history/inside.ts';
import { beginLog } from '../history/log-header.ts';
import type { PullOrder } from '../rsync/order.ts';
import { throwIfCancelled } from '../system/undo.ts';

/** A file that a pull is going to create. */
export interface ComingFile {
  /** Below the mirror of the source, in bytes. */
  readonly path: Buffer;
  readonly size: number;
}

/** The changes that a pull would make. */
export interface Renaming {
  readonly coming: readonly ComingFile[];
  /** Files that it would delete. */
  readonly doomed: readonly Buffer[];
}

/** A smaller file takes hardly any room, and often has the same size and name as others. */
const leastSize = 4096;

/** A file with its old and its new name. */
export interface Pair extends ComingFile {
  readonly from: Buffer;
}

const partsOf = (path: Buffer): string[] => path.toString('latin1').split('/');

/** The number of equal parts at the end of two paths. */
function alike(one: Buffer, other: Buffer): number {
  const [a, b] = [partsOf(one).reverse(), partsOf(other).reverse()];
  const end = a.findIndex((part, index) => part !== b[index]);
  return end < 0 ? a.length : end;
}

/** Pairs new files with files to be deleted: the same name and size; among several, the most similar path. */
export function pairRenamed(coming: readonly ComingFile[], doomed: readonly ComingFile[]): Pair[] {
  const keyOf = ({ path, size }: ComingFile): string => `${size} ${partsOf(path).at(-1) ?? ''}`;
  const there = new Map<string, Buffer[]>();
  for (const file of doomed)
    if (file.size > leastSize) there.set(keyOf(file), [...(there.get(keyOf(file)) ?? []).slice(0, 100), file.path]);
  return coming.flatMap((file) => {
    const [first, ...others] = there.get(keyOf(file)) ?? [];
    if (first === undefined) return [];
    const from = others.reduce((best, one) => (alike(one, file.path) > alike(best, file.path) ? one : best), first);
    return [{ ...file, from }];
  });
}

/**
 * Gives files that were renamed on the server their new names on the disk, beside the old ones, as hard links: they take
 * no room. rsync compares size and time as with any other file, and copies those that differ. The links are
 * in the log of an entry, so they are undone with the run.
 * @returns the number of links
 */
export async function linkRenamed(
  mirror: Buffer,
  { coming, doomed }: Renaming,
  { history, source, onChange }: Pick<PullOrder, 'history' | 'source' | 'onChange'>,
  signal: AbortSignal,
): Promise<number> {
  const pairs = pairRenamed(coming, await measure(mirror, doomed, signal));
  if (pairs.length === 0) return 0;
  const mark = history && (await beginLog(history.log, source.name, history.stamp));
  const log = history && (await open(history.log, 'a'));
  const linker = createLinker(mirror, { log, mark: mark ?? '', onChange });
  let linked = 0;
  try {
    for (const pair of pairs) {
      throwIfCancelled(signal);
      if (await linker(pair)) linked += 1;
    }
  } finally {
    await log?.close();
  }
  return linked;
}

async function measure(mirror: Buffer, paths: readonly Buffer[], signal: AbortSignal): Promise<ComingFile[]> {
  const isInside = createInsideCheck(mirror);
  const found: ComingFile[] = [];
  for (const path of paths) {
    throwIfCancelled(signal);
    const facts = (await isInside(path)) ? await lstat(below(mirror, path)).catch(() => undefined) : undefined;
    if (facts?.isFile() === true) found.push({ path, size: facts.size });
  }
  return found;
}

interface Telling {
  readonly log: FileHandle | undefined;
  readonly mark: string;
  readonly onChange: ((change: Change) => void) | undefined;
}

function createLinker(mirror: Buffer, { log, mark, onChange }: Telling): (pair: Pair) => Promise<boolean> {
  const isInside = createInsideCheck(mirror);
  // Log first: an entry for a missing file is harmless.
  const tell = async (path: Buffer, size: number, isDirectory: boolean): Promise<void> => {
    const shown = `${printedName(path)}${isDirectory ? '/' : ''}`;
    await log?.writeFile(`${mark}${isDirectory ? 'cd' : 'hf'}+++++++++|${size}|0|${shown}${mark}\n`);
    onChange?.({ kind: 'created', isDirectory, path: shown, size });
  };
  /** @returns false when another file is in the way */
  const ensureParents = async (path: Buffer): Promise<boolean> => {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const here = path.subarray(0, end);
      const facts = await lstat(below(mirror, here)).catch(() => undefined);
      if (facts !== undefined && !facts.isDirectory()) return false;
      if (facts !== undefined) continue;
      await tell(here, 0, true);
      await mkdir(below(mirror, here), { mode: 0o700 }); // rsync sets its rights
    }
    return isInside(path);
  };
  return async ({ from, path, size }) => {
    if (!(await ensureParents(path)) || (await lstat(below(mirror, path)).catch(() => undefined))) return false;
    await tell(path, size, false);
    await link(below(mirror, from), below(mirror, path));
    return true;
  };
}
