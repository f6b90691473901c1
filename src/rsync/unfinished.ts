import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertOwnDirectories, ownDirectory } from '../disk/own-directory.ts';
import { workDirectory } from '../history/work-directory.ts';

/**
 * Where rsync writes a file until it is whole, and moves it into the mirror from. What an rsync that was killed leaves
 * is here, and nothing else is: no name has to tell what is whose.
 */
export const unfinishedDirectory = `${workDirectory}/unfinished`;

/** Where earlier versions had it. */
const formerDirectory = '.extbackup/unfinished';

/**
 * That directory, made anew. undefined where the mirror is on another file system, as a subvolume of its own is: moving
 * would be copying there, and rsync writes beside each file.
 */
export async function placeForUnfinished(top: string, mirror: string): Promise<string | undefined> {
  await clearUnfinished(top);
  const place = await ownDirectory(top, unfinishedDirectory);
  return (await stat(place)).dev === (await stat(mirror)).dev ? place : undefined;
}

/** Removes what an rsync that was killed left; to be called while none is writing. */
export async function clearUnfinished(top: string): Promise<void> {
  await assertOwnDirectories(top, unfinishedDirectory, formerDirectory);
  for (const directory of [unfinishedDirectory, formerDirectory])
    await rm(join(top, directory), { recursive: true, force: true });
}
