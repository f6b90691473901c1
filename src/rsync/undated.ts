/**
 * Files whose date the file system of the disk cannot hold, such as 1601 or 2500: it keeps the nearest one that it can.
 * By size and time they always differ from the server, so each run would copy and keep them again. They are left out of
 * the pull, and compared by content.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertOwnDirectories, ownDirectory } from '../disk/own-directory.ts';
import { bytesOfPath } from '../history/change-log.ts';
import { below, createInsideCheck } from '../history/inside.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { troubleOfDisk } from './failure.ts';
import { patternOf } from './long-paths.ts';
import { writeList } from './name-list.ts';
import type { Undated } from './order.ts';

/** Names stay on the disk. */
const directory = '.extbackup/undated';

/**
 * The first and the last second of ext4, of ext4 with small inodes, and of XFS; the kernel moves dates outside to these
 * limits.
 */
const limits: readonly bigint[] = [-2_147_483_648n, 2_147_483_647n, 15_032_385_535n, 16_299_260_424n];

/** The most such files; others are copied again in each run. */
const most = 100_000;

/** A longer list was not written by us, and counts as none: anybody may have changed the disk. */
export const mostBytes = 16 * 1024 * 1024;

/** A source's mirror on an opened disk. */
export interface MirrorPlace {
  readonly top: string;
  readonly mirror: string;
  readonly name?: string | undefined;
}

/** Existing files that earlier runs found; undefined if there are none. */
export async function readUndated(place: MirrorPlace): Promise<Undated | undefined> {
  const { list, rules, names } = await listed(place);
  const found = await stillUndated(place, names);
  if (found.names.length === 0) return undefined;
  const patterns = found.names.map((name) => Buffer.from(patternOf(name.toString('latin1')), 'latin1'));
  try {
    await writeList(list, found.names);
    await writeList(rules, patterns);
  } catch (error) {
    if (troubleOfDisk(error) === 'disk-full') return undefined; // a later step makes room
    throw error;
  }
  return { list, rules, files: found.names.length, bytes: found.bytes };
}

/**
 * Adds files of a run to the files of earlier runs.
 * @param paths as rsync prints them
 * @returns the number of new ones
 */
export async function addUndated(place: MirrorPlace, paths: Iterable<string>): Promise<number> {
  const { list, names } = await listed(place);
  const known = new Set(names.map((name) => name.toString('latin1')));
  const fresh = [...paths].map(bytesOfPath).filter((name) => !known.has(name.toString('latin1')));
  const found = await stillUndated(place, fresh);
  if (found.names.length === 0) return 0;
  try {
    await ownDirectory(place.top, directory);
    await writeList(list, atMost([...names, ...found.names]));
  } catch (error) {
    if (troubleOfDisk(error) === 'disk-full') return 0; // the next run finds them again
    throw error;
  }
  return found.names.length;
}

async function listed({ top, name = '' }: MirrorPlace): Promise<Pick<Undated, 'list' | 'rules'> & { names: Buffer[] }> {
  await assertOwnDirectories(top, directory);
  const file = join(top, directory, name === '' ? 'all' : `of-${name}`);
  const text = (await readSmallFile(`${file}.list`, mostBytes, 'latin1').catch(() => undefined)) ?? '';
  const names = text.split('\0', most).filter((path) => path !== '' && !path.split('/').includes('..'));
  return { list: `${file}.list`, rules: `${file}.rules`, names: names.map((path) => Buffer.from(path, 'latin1')) };
}

/** As many names as {@link listed} reads again. */
function atMost(names: readonly Buffer[]): Buffer[] {
  let bytes = 0;
  return names.slice(0, most).filter(({ length }) => (bytes += length + 1) <= mostBytes);
}

async function stillUndated({ mirror, name = '' }: MirrorPlace, names: readonly Buffer[]) {
  const root = Buffer.from(join(mirror, name));
  const isInside = createInsideCheck(root);
  const found: Buffer[] = [];
  let bytes = 0;
  for (const path of names) {
    if (!(await isInside(path))) continue;
    const stats = await lstat(below(root, path), { bigint: true }).catch(() => undefined);
    if (stats?.isFile() !== true || !limits.includes(floorSeconds(stats.mtimeNs))) continue;
    found.push(path);
    bytes += Number(stats.size);
  }
  return { names: found, bytes };
}

const floorSeconds = (ns: bigint): bigint =>
  (ns - (((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n;
