import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { PullFigures } from '../bus/events.ts';
import { ownDirectory } from '../disk/own-directory.ts';
import { below } from '../history/inside.ts';
import { writeList } from '../rsync/name-list.ts';
import { replaceFile } from '../system/new-file.ts';
import { readJsonInside } from '../system/read-json.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { bytesOf, keySchema } from './checksum-entry.ts';
import { walk } from './tree-walk.ts';

/** Where the next part begins, by name of the source; empty for the only one. It names files, so it stays on the disk. */
const cursorFile = '.extbackup/compare.json';
const cursorSchema = z.record(z.string(), keySchema);

const listFile = '.extbackup/compare.list';

/** Names of files to compare with the server. */
export interface RollingPart {
  /** File on the disk with the names. */
  readonly list: string;
  /** To be called when they were compared: the next part begins after them. */
  done(): Promise<void>;
}

/**
 * Draws the next part of a source's mirror: half of a share counts by files, half by bytes, so that 1 / share parts are
 * the whole. After the end it goes on at the beginning.
 * @returns undefined where there is nothing
 */
export async function drawRollingPart(
  top: string,
  { mirror, name = '' }: { readonly mirror: string; readonly name?: string | undefined },
  share: number,
  { filesTotal, bytesTotal }: Pick<PullFigures, 'filesTotal' | 'bytesTotal'>,
  signal: AbortSignal,
): Promise<RollingPart | undefined> {
  const root = Buffer.from(join(mirror, name));
  const cursors = (await readJsonInside(cursorSchema, join(top, cursorFile))) ?? {};
  const names: Buffer[] = [];
  let bytes = 0;
  let next: string | undefined;
  const isEnough = (): boolean =>
    names.length > 0 &&
    (names.length / Math.max(1, filesTotal) + (bytesTotal === 0 ? 1 : bytes / bytesTotal)) / 2 >= share;
  for await (const { path, kind } of walk(root, cursors[name] ?? '')) {
    throwIfCancelled(signal);
    if (kind !== 'file') continue;
    if (isEnough()) {
      next = path;
      break;
    }
    const stats = await lstat(below(root, bytesOf(path))).catch(() => undefined);
    if (stats === undefined) continue;
    bytes += stats.size;
    names.push(bytesOf(path));
  }
  const rest = Object.fromEntries(Object.entries(cursors).filter(([key]) => key !== name));
  const done = async (): Promise<void> => {
    await replaceFile(join(top, cursorFile), JSON.stringify(next === undefined ? rest : { ...rest, [name]: next }));
    await rm(join(top, listFile), { force: true });
  };
  await ownDirectory(top, '.extbackup');
  if (names.length === 0) {
    await done(); // the remaining files are gone
    return undefined;
  }
  await writeList(join(top, listFile), names);
  return { list: join(top, listFile), done };
}
