import { constants } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { files, type Paths } from '../system/paths.ts';
import { largestNote, parseSpoolNote, type SpoolNote } from '../protocol/spool-note.ts';
import { watchDirectory } from './watch-directory.ts';

/** A running trigger. */
export type Stop = () => Promise<void>;

/** The receivers of the spool's news. None may throw. */
export interface SpoolListener {
  onNote(note: SpoolNote): void;
  /** A file that is not a valid note was moved aside. */
  onRejected(reason: string): void;
  /** The reason for polling the spool; undefined when polling ends. */
  onPolling(why: string | undefined): void;
}

/**
 * Watches the spool, and serves files that were written before. Each file is removed before it is passed on,
 * so a note is served once; the agent looks at the machine itself, so a lost note does no harm.
 * Resolves when all present files have been served.
 */
export async function watchSpool(paths: Paths, listener: SpoolListener): Promise<Stop> {
  const spool = files.spool(paths);
  await mkdir(spool, { recursive: true, mode: 0o700 });
  await mkdir(files.rejectedSpool(paths), { recursive: true, mode: 0o700 });
  const pending = new Set<Promise<void>>();
  const take = (path: string): void => {
    const work = takeNote(path, paths, listener);
    pending.add(work);
    void work.finally(() => pending.delete(work));
  };
  const stop = await watchDirectory({
    directory: spool,
    tellExisting: true,
    onEvent: (event, path) => {
      if (path !== spool && (event === 'add' || event === 'change' || event === 'addDir')) take(path);
    },
    onPolling: (why) => {
      listener.onPolling(why);
    },
  });
  await Promise.all(pending);
  return async () => {
    await stop();
    await Promise.all(pending);
  };
}

async function takeNote(path: string, paths: Paths, listener: SpoolListener): Promise<void> {
  const name = basename(path);
  try {
    const content = await readNote(path);
    const note = content === undefined ? undefined : parseSpoolNote(name, content);
    if (note === undefined) {
      await rename(path, join(files.rejectedSpool(paths), `${Date.now()}.${name}`.slice(0, 200)));
      listener.onRejected('a file in the spool is not a request, or is incomplete');
      return;
    }
    await unlink(path);
    listener.onNote(note);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // the watcher may report a file twice
    listener.onRejected(
      `a file in the spool cannot be taken (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
    );
  }
}

/** undefined for anything but a small plain file. */
async function readNote(path: string): Promise<string | undefined> {
  let handle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > largestNote || stats.uid !== process.getuid?.()) return undefined;
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
