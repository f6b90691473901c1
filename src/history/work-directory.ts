/**
 * The directory on the disk that programs which read from the server may write to, besides the mirror. What rsync
 * replaces or deletes is collected here and moved into the history when rsync has ended: while it runs, all of the
 * history is read-only for it, and rename(2) needs no copy.
 */
import { lstat, opendir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertOwnDirectories, ownDirectory } from '../disk/own-directory.ts';
import { replaceFile } from '../system/new-file.ts';
import { readSmallFile } from '../system/plain-file.ts';

export const workDirectory = '.extbackup-work';

/** Directory on the disk with entries of the history. */
export const historyDirectory = 'history';

const collected = `${workDirectory}/replacements`; // as long as the name in the history: no path gets too long by the move

/** Name of the entry that is being collected, where no program in a box can write. */
const note = '.extbackup/collecting';

const entryName = /^\d{8}T\d{6}\.\d{3}Z$/;

/** The entry whose files are still in the work directory: its rsync runs, or was cut off. */
export async function collectedEntry(top: string): Promise<string | undefined> {
  const name = (await readSmallFile(join(top, note)))?.trim();
  return name !== undefined && entryName.test(name) && (await isDirectory(join(top, collected))) ? name : undefined;
}

/** Where the files of an entry are. @param inWork the result of {@link collectedEntry} */
export const directoryOfEntry = (top: string, name: string, inWork: string | undefined): string =>
  name === inWork ? join(top, collected) : join(top, historyDirectory, name);

/**
 * Call this before an rsync that replaces or deletes files.
 * @returns the directory to collect them in, which is not there yet; undefined where the history is a file system of its
 * own
 */
export async function beginCollecting(top: string, name: string): Promise<string | undefined> {
  await finishCollecting(top);
  const [work, history] = [await ownDirectory(top, workDirectory), await ownDirectory(top, historyDirectory)];
  if ((await stat(work)).dev !== (await stat(history)).dev) return undefined;
  await ownDirectory(top, '.extbackup');
  await replaceFile(join(top, note), `${name}\n`);
  return join(top, collected);
}

/**
 * Moves the collected files into the history, now or after an rsync that was cut off. Where the note is lost, or its name is
 * taken, it becomes an entry of its own: it may be the only copy of a file.
 * @throws the system's error
 */
export async function finishCollecting(top: string, now: Date = new Date()): Promise<void> {
  await assertOwnDirectories(top, '.extbackup', historyDirectory, collected);
  const from = join(top, collected);
  if (await isFilled(from)) {
    const history = await ownDirectory(top, historyDirectory);
    const name = await collectedEntry(top);
    if (name === undefined || !(await moveTo(from, join(history, name))))
      await rename(from, join(history, now.toISOString().replace(/[-:]/g, '')));
  } else await rm(from, { recursive: true, force: true });
  await rm(join(top, note), { force: true });
}

/** @returns false where there is a directory with something in it already */
async function moveTo(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function isFilled(path: string): Promise<boolean> {
  if (!(await isDirectory(path))) return false;
  for await (const { name } of await opendir(path, { encoding: 'latin1' })) return name !== '';
  return false;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}
