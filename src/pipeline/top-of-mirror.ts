import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MirrorEntry } from './machine.ts';
import { assertOwnDirectories } from '../disk/own-directory.ts';

/** Most entries of a mirror with several sources: one directory for each. */
const most = 1_000;

/** The entries in the top directory of a mirror. @throws DriveError when that is no directory of ours */
export async function topOfMirror(top: string, mirror: string): Promise<MirrorEntry[]> {
  await assertOwnDirectories(top, mirror);
  const found: MirrorEntry[] = [];
  for await (const entry of entriesOf(join(top, mirror))) {
    const kind = !entry.isDirectory()
      ? 'other'
      : (await isEmpty(join(top, mirror, entry.name)))
        ? 'empty-directory'
        : 'directory';
    if (found.push({ name: entry.name, kind }) >= most) break;
  }
  return found;
}

async function* entriesOf(directory: string): AsyncGenerator<{ readonly name: string; isDirectory(): boolean }> {
  try {
    yield* await opendir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function isEmpty(directory: string): Promise<boolean> {
  for await (const entry of entriesOf(directory)) return entry.name === '';
  return true;
}
