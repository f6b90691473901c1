import { spawn } from 'node:child_process';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';

/** A lock that the kernel drops when its holder dies: there are no stale locks. */
export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes flock(2) on `file`, which is created when it is missing.
 * Node has no flock: flock(1) inherits the descriptor, and the lock belongs to the shared open file
 * (flock(2): locks are associated with an open file description).
 * @param waitMs time limit for another holder; 0 tries once
 * @returns undefined when another process holds the lock for all that time
 */
export async function lockFile(file: string, waitMs = 0): Promise<FileLock | undefined> {
  return lockOpened(await open(file, 'a', 0o600), file, waitMs);
}

/** The same for a directory: for a file in it that is replaced by another one, so that its own lock would be lost. */
export async function lockDirectory(directory: string, waitMs = 0): Promise<FileLock | undefined> {
  return lockOpened(await open(directory, 'r'), directory, waitMs);
}

async function lockOpened(handle: FileHandle, name: string, waitMs: number): Promise<FileLock | undefined> {
  try {
    const code = await flock(handle.fd, waitMs);
    if (code === 0) return await hold(handle);
    if (code !== conflict) throw new Error(`flock on ${name} failed`);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** Ids of the locks of this process. */
const held = new Set<string>();

async function hold(handle: FileHandle): Promise<FileLock> {
  const id = idOf(await handle.stat());
  held.add(id);
  return {
    release: async () => {
      held.delete(id);
      await handle.close();
    },
  };
}

/**
 * Whether another process, or this one, holds the lock. The kernel's list of locks answers that without a program; in a
 * container, or on a file system whose files have other numbers there, it has gaps, and the lock is tried instead.
 * @see proc_locks(5)
 */
export async function isLocked(file: string, listOfLocks = '/proc/locks'): Promise<boolean> {
  const id = await stat(file).then(idOf, () => undefined);
  const locks = id === undefined ? undefined : parseLocks(await readFile(listOfLocks, 'utf8').catch(() => ''));
  if (id !== undefined && locks?.has(id) === true) return true;
  const isComplete = held.size > 0 && [...held].every((own) => locks?.has(own));
  if (isComplete) return false;
  const lock = await lockFile(file);
  await lock?.release();
  return lock === undefined;
}

/** The numbers of a file as in the kernel's list; see makedev(3) for those of its device. */
function idOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const hex = (number: number): string => number.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${ino}`;
}

/** Files with a lock of flock(2): `1: FLOCK  ADVISORY  WRITE 1234 00:19:1038 0 EOF`. */
export const parseLocks = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^\d+: FLOCK +\S+ +\S+ +-?\d+ (\S+) /gm)].map(([, id = '']) => id));

const conflict = 75;

/** Runs flock(1) on an open descriptor; execa cannot pass one on. */
function flock(fd: number, waitMs: number): Promise<number | null> {
  const wait = waitMs === 0 ? ['--nonblock'] : ['--timeout', (waitMs / 1000).toFixed(3)];
  return new Promise((resolve, reject) => {
    const child = spawn('/usr/bin/flock', ['--exclusive', '--conflict-exit-code', String(conflict), ...wait, '3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
      env: {},
    });
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
