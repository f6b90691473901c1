import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { below } from '../history/inside.ts';
import { workDirectory } from '../history/work-directory.ts';
import type { StartProgram } from '../system/command.ts';
import { parentsOf, writeList } from './name-list.ts';
import { ownDirectory } from '../disk/own-directory.ts';

/** Archives of some directories of a tree, without their content. Both contain file names, so they stay on the disk. */
export interface DirectoryArchive {
  /** Creates the directories elsewhere, with owner, rights, times, ACLs and attributes. */
  makeIn(directory: string): Promise<void>;
  /** Restores their times, to the nanosecond, after deletions in them: Node's utimes(2) is less exact. */
  restoreTimes(directory: string): Promise<void>;
  remove(): Promise<void>;
}

const listFile = 'directories.list';
const archiveFile = 'directories.tar';
const timeoutMs = 5 * 60_000; // a million directories take half a minute
const all = ['--acls', '--xattrs', '--xattrs-include=*'];
const exactly = ['--preserve-permissions', '--same-owner', '--numeric-owner'];

/**
 * Reads the parent directories of some paths; see tar(1).
 * @param top of the opened disk
 * @param tree a directory on it
 * @returns undefined when a part of a path is not a directory
 */
export async function archiveDirectories(
  start: StartProgram,
  top: string,
  tree: string,
  paths: readonly Buffer[],
  signal: AbortSignal,
): Promise<DirectoryArchive | undefined> {
  const parents = await parentsOf(Buffer.from(tree), paths);
  if (parents === undefined) return undefined;
  const directories = new Map<string, Buffer>(); // all parents, one character for each byte
  for (const parent of parents) {
    for (let end = parent.length; end > 0; end = parent.lastIndexOf('/', end - 1)) {
      const here = parent.subarray(0, end);
      const key = here.toString('latin1');
      if (directories.has(key)) break;
      directories.set(key, here);
    }
  }
  const own = await ownDirectory(top, workDirectory);
  const [list, archive] = [join(own, listFile), join(own, archiveFile)];
  const remove = async (): Promise<void> => {
    for (const file of [list, archive]) await rm(file, { force: true }).catch(() => undefined);
  };
  await rm(archive, { force: true }); // a new file, never through a planted link
  const inOrder = [...directories.keys()]
    .sort()
    .map((key) => below(Buffer.from('.'), directories.get(key) ?? Buffer.alloc(0)));
  await writeList(list, [Buffer.from('.'), ...inOrder]);
  const tar = async (until: AbortSignal | undefined, ...args: readonly string[]): Promise<void> => {
    await start({ file: '/usr/bin/tar', args, timeoutMs, ...(until && { signal: until }) });
  };
  try {
    await tar(
      signal,
      '--create',
      '--format=pax',
      ...all,
      '--no-recursion',
      '-C',
      tree,
      '--null',
      `--files-from=${list}`,
      '-f',
      archive,
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    makeIn: (directory) => tar(signal, '--extract', ...exactly, ...all, '-C', directory, '-f', archive),
    restoreTimes: (directory) => tar(undefined, '--extract', ...exactly, '-C', directory, '-f', archive),
    remove,
  };
}
