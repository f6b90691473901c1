import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertOwnDirectories, ownDirectory } from '../disk/own-directory.ts';
import { workDirectory } from '../history/work-directory.ts';

/**
 * The directory in which rsync writes a file, and from which it moves the finished file into the mirror. A killed rsync
 * leaves its rest here and nowhere else, so no file has to be recognised by its name.
 */
export const unfinishedDirectory = `${workDirectory}/unfinished`;

/** Where earlier versions had it. */
const formerDirectory = '.extbackup/unfinished';

/**
 * That directory, empty. undefined if the mirror is on another file system, for example a subvolume: moving
 * would be copying there, and rsync writes beside each file.
 */
export async function placeForUnfinished(top: string, mirror: string): Promise<string | undefined> {
  await clearUnfinished(top);
  const place = await ownDirectory(top, unfinishedDirectory);
  return (await stat(place)).dev === (await stat(mirror)).dev ? place : undefined;
}

/** Removes the rest of a killed rsync. Call this only while no rsync is writing. */
export async function clearUnfinished(top: string): Promise<void> {
  await assertOwnDirectories(top, unfinishedDirectory, formerDirectory);
  for (const directory of [unfinishedDirectory, formerDirectory])
    await rm(join(top, directory), { recursive: true, force: true });
}
