import { watch as watchOnce } from 'node:fs';
import { watch, type FSWatcher } from 'chokidar';
import { messageOf } from '../errors.ts';

/** What is watched, and who is told. None of the callbacks may throw. */
export interface DirectoryWatch {
  readonly directory: string;
  /** Tells of what is there at the beginning, too. */
  readonly tellExisting: boolean;
  onEvent(event: string, path: string): void;
  /** From another way of watching on: something may have been missed. */
  onGap?(): void;
  /** Why the directory is polled; undefined when the kernel tells of changes again. */
  onPolling(why: string | undefined): void;
}

/** What can be tuned, mainly by tests. */
export interface WatchTiming {
  /** How often a directory that is polled is looked at. */
  readonly pollMs: number;
  /** How often it is tried whether the kernel can tell again. */
  readonly againMs: number;
  /** Whether the kernel can tell of changes now; throws why not. */
  readonly probe: (directory: string) => void;
}

const usual: WatchTiming = {
  pollMs: 1_000,
  againMs: 60_000,
  probe: (directory) => {
    watchOnce(directory).close();
  },
};

/**
 * Watches one directory, not what is below it. Where the kernel has no inotify instance or watch left, the directory is
 * polled until it has. Resolves when what was there has been told.
 * @returns how to end it
 */
export async function watchDirectory(
  watched: DirectoryWatch,
  timing: Partial<WatchTiming> = {},
): Promise<() => Promise<void>> {
  const one = new Watching(watched, { ...usual, ...timing });
  await one.begin();
  return () => one.end();
}

class Watching {
  readonly #watched: DirectoryWatch;
  readonly #timing: WatchTiming;
  #watcher: FSWatcher | undefined;
  #again: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(watched: DirectoryWatch, timing: WatchTiming) {
    this.#watched = watched;
    this.#timing = timing;
  }

  async begin(): Promise<void> {
    const trouble = await this.#watchByKernel();
    if (trouble !== undefined) await this.#poll(trouble);
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#again);
    await this.#watcher?.close();
  }

  /** chokidar says "ready" after an error, too. @returns why the kernel cannot tell */
  async #watchByKernel(): Promise<unknown> {
    let [trouble, isReady]: [unknown, boolean] = [undefined, false];
    try {
      this.#timing.probe(this.#watched.directory);
    } catch (error) {
      return error;
    }
    const watcher = this.#open(false, (error) => {
      trouble ??= error;
      if (isReady) void this.#poll(error); // the last watch went to another program
    });
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    isReady = trouble === undefined;
    if (isReady) this.#watcher = watcher;
    else await watcher.close();
    return trouble;
  }

  async #poll(trouble: unknown): Promise<void> {
    await this.#watcher?.close();
    if (this.#ended) return;
    const isMissing = (trouble as NodeJS.ErrnoException).code === 'ENOENT'; // it is watched when it is there
    if (!isMissing) this.#watched.onPolling(whyNot(trouble));
    const watcher = this.#open(true, () => undefined); // goes on: it is tried again
    this.#watcher = watcher;
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    this.#watched.onGap?.();
    this.#tryAgainLater();
  }

  #tryAgainLater(): void {
    if (this.#ended) return;
    this.#again = setTimeout(() => void this.#tryAgain(), this.#timing.againMs);
  }

  async #tryAgain(): Promise<void> {
    const polling = this.#watcher;
    if ((await this.#watchByKernel()) !== undefined) {
      this.#tryAgainLater();
      return;
    }
    await polling?.close();
    if (this.#ended) await this.#watcher?.close();
    else {
      this.#watched.onGap?.();
      this.#watched.onPolling(undefined);
    }
  }

  #open(usePolling: boolean, onError: (error: unknown) => void): FSWatcher {
    const { directory, tellExisting } = this.#watched;
    const options = { depth: 0, followSymlinks: false, ignoreInitial: !tellExisting };
    const interval = this.#timing.pollMs;
    const watcher = watch(directory, { ...options, usePolling, interval, binaryInterval: interval });
    watcher.on('all', (event, path) => {
      this.#watched.onEvent(event, path);
    });
    watcher.on('error', onError);
    return watcher;
  }
}

/** See inotify_init(2) and inotify_add_watch(2). */
function whyNot(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE') return 'no inotify instance is left (fs.inotify.max_user_instances)';
  if (code === 'ENOSPC') return 'no inotify watch is left (fs.inotify.max_user_watches)';
  return messageOf(error);
}
