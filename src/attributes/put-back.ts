import { lchown, lstat } from 'node:fs/promises';
import { below, createInsideCheck } from '../history/inside.ts';
import type { StartProgram } from '../system/command.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { readBlocks, type AttributeBlock, type AttributeFiles } from './attribute-files.ts';
import { AttributePutter, type Place } from './attribute-putter.ts';

/** Where to put old attributes back. */
export interface PutBack {
  readonly files: AttributeFiles;
  /** A tree of files. */
  readonly root: string;
  /** Other numbers for owners and groups. */
  readonly owners?: { readonly user: (id: number) => number; readonly group: (id: number) => number };
  /** The place of a mirror's path in the tree; undefined when it is not there. */
  readonly place: (path: string) => string | undefined;
  /** Called for each file that got other attributes. */
  readonly onFile: () => void;
  /** Called for each file whose attributes could not be put back, with its place in the tree. */
  readonly onFailure: (place: string) => void;
}

const atOnce = 500;

/**
 * Gives files their old attributes where the present ones differ. It never leaves the tree, and skips missing files: the
 * tables may have been changed by anybody.
 */
export async function putBack(start: StartProgram, order: PutBack, signal: AbortSignal): Promise<void> {
  const extended = new Map<string, string>();
  for await (const blocks of readBlocks(order.files.fattr, 'fattr'))
    for (const { path, body } of blocks) extended.set(path, body);
  const isInside = createInsideCheck(Buffer.from(order.root));
  const find = async ({ path, body }: AttributeBlock): Promise<(Place & { isLink: boolean }) | undefined> => {
    const place = order.place(path);
    if (place === undefined || !isPlain(place)) return undefined;
    const bytes = Buffer.from(place === '.' ? '' : place, 'latin1');
    if (!(await isInside(bytes))) return undefined;
    const stats = await lstat(below(Buffer.from(order.root), bytes)).catch(() => undefined);
    return (
      stats && {
        place,
        body: withOwners(body, order.owners),
        extended: extended.get(path) ?? '',
        isLink: stats.isSymbolicLink(),
      }
    );
  };
  const putter = new AttributePutter(start, order, signal);
  let batch: Place[] = [];
  for await (const blocks of readBlocks(order.files.facl, 'facl'))
    for (const block of blocks) {
      throwIfCancelled(signal);
      const found = await find(block);
      if (found?.isLink === false) batch.push(found);
      if (batch.length < atOnce) continue;
      await putter.put(batch);
      batch = [];
    }
  await putter.put(batch);
  for await (const blocks of readBlocks(order.files.links, 'links'))
    for (const block of blocks) {
      const found = await find(block);
      if (found?.isLink === true) await putOwner(order, found);
    }
}

/** Replaces the owners in a body of either kind. */
const withOwners = (body: string, owners: PutBack['owners']): string =>
  owners === undefined
    ? body
    : body
        .replace(/^# owner: (\d+)$/m, (_all, id: string) => `# owner: ${owners.user(Number(id))}`)
        .replace(/^# group: (\d+)$/m, (_all, id: string) => `# group: ${owners.group(Number(id))}`)
        .replace(
          /^(\d+):(\d+)$/,
          (_all, uid: string, gid: string) => `${owners.user(Number(uid))}:${owners.group(Number(gid))}`,
        );

/** Never out of the tree. */
const isPlain = (place: string): boolean =>
  place === '.' || (!place.includes('\0') && place.split('/').every((part) => !['', '.', '..'].includes(part)));

async function putOwner({ root, onFile, onFailure }: PutBack, { place, body }: Place): Promise<void> {
  const [, uid, gid] = /^(\d{1,10}):(\d{1,10})$/.exec(body) ?? [];
  if (uid === undefined || gid === undefined) return;
  const link = below(Buffer.from(root), Buffer.from(place, 'latin1'));
  const stats = await lstat(link);
  if (stats.uid === Number(uid) && stats.gid === Number(gid)) return;
  try {
    await lchown(link, Number(uid), Number(gid));
    onFile();
  } catch {
    onFailure(place);
  }
}
