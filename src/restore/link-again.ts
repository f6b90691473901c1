import { link, lstat, opendir, rename, unlink } from 'node:fs/promises';
import { readLogBackwards } from '../history/change-log.ts';
import { below, createInsideCheck } from '../history/inside.ts';
import { relativeTo } from '../history/remove-created.ts';
import { partialDir } from '../rsync/arguments.ts';
import { throwIfCancelled } from '../system/undo.ts';
import type { Layer } from './restore-plan.ts';

/**
 * Makes the names of one file hard links again. Names that are links to one file in the mirror and the history were
 * links in the mirror, too; rsync copies the layers one after the other, and makes a file of each.
 * @param target a directory that was empty before all layers were copied into it
 */
export async function linkAgain(layers: readonly Layer[], target: string, signal: AbortSignal): Promise<void> {
  const versions = layers.filter((layer) => 'isDirectory' in layer && layer.isDirectory);
  if (versions.length < 2) return;
  const files = new Map<string, string>(); // path (one character for each byte) -> device and inode on the disk
  for (const layer of layers) {
    if ('log' in layer) await takeAway(layer.log, Buffer.from(layer.part === '.' ? '' : layer.part), files);
    else if ('isDirectory' in layer && layer.isDirectory) await collect(Buffer.from(layer.path), files, signal);
  }
  const names = new Map<string, string[]>();
  for (const [place, file] of files) names.set(file, [...(names.get(file) ?? []), place]);
  const root = Buffer.from(target);
  const isInside = createInsideCheck(root);
  for (const [first, ...others] of names.values()) {
    if (first === undefined) continue;
    for (const other of others) {
      throwIfCancelled(signal);
      const [one, two] = [Buffer.from(first, 'latin1'), Buffer.from(other, 'latin1')];
      if ((await isInside(one)) && (await isInside(two))) await linkTo(below(root, one), below(root, two));
    }
  }
}

/** Notes files with several names. A file with one name replaces an earlier note of its path. */
async function collect(directory: Buffer, files: Map<string, string>, signal: AbortSignal): Promise<void> {
  const visit = async (at: Buffer): Promise<void> => {
    for await (const item of await opendir(below(directory, at), { encoding: 'latin1' })) {
      throwIfCancelled(signal);
      const own = Buffer.from(item.name, 'latin1');
      const name = at.length === 0 ? own : below(at, own);
      if (item.isDirectory()) {
        if (item.name !== partialDir) await visit(name);
        continue;
      }
      const stats = item.isFile() ? await lstat(below(directory, name)) : undefined;
      if (stats !== undefined && stats.nlink > 1) files.set(name.toString('latin1'), `${stats.dev}:${stats.ino}`);
      else files.delete(name.toString('latin1'));
    }
  };
  await visit(Buffer.alloc(0));
}

async function takeAway(log: string, part: Buffer, files: Map<string, string>): Promise<void> {
  if (files.size === 0) return;
  for await (const { kind, path } of readLogBackwards(log)) {
    const here = kind === 'created' ? relativeTo(part, path) : undefined;
    if (here) files.delete(here.toString('latin1'));
  }
}

async function linkTo(file: Buffer, name: Buffer): Promise<void> {
  const [one, two] = await Promise.all([file, name].map((path) => lstat(path).catch(() => undefined)));
  if (one?.isFile() !== true || two?.isFile() !== true || one.ino === two.ino || one.size !== two.size) return;
  const temporary = Buffer.concat([name, Buffer.from('.extbackup-link')]);
  try {
    await link(file, temporary);
  } catch {
    return; // no hard links here, or the name is too long: the copy remains
  }
  await rename(temporary, name).catch(() => unlink(temporary));
}
