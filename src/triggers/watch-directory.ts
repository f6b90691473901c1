import { watch as watchOnce } from 'node:fs';
import { watch, type FSWatcher } from 'chokidar';
import { messageOf } from '../errors.ts';

/** The directory, and the callbacks, none of which may throw. */
export interface DirectoryWatch {
  readonly directory: string;
  /** Also reports the files that exist at the start. */
  readonly tellExisting: boolean;
  onEvent(event: string, path: string): void;
  /** Called when the way of watching changes: some changes may have been missed. */
  onGap?(): void;
  /** The reason for polling; undefined when the kernel reports changes again. */
  onPolling(why: string | undefined): void;
}

/** What can be tuned, mainly by tests. */
export interface WatchTiming {
  /** Interval of polling. */
  readonly pollMs: number;
  /** Interval of the tries to leave polling. */
  readonly againMs: number;
  /** Checks whether the kernel can report changes now; throws the reason if not. */
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
 * Watches one directory, not its subdirectories. If the kernel has no inotify instance or watch left, the directory is
 * polled until it has. Resolves when the files that exist at the start have been reported.
 * @returns a function that ends it
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

  /** chokidar emits "ready" after an error, too. @returns the reason why the kernel cannot report changes */
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
    const isMissing = (trouble as NodeJS.ErrnoException).code === 'ENOENT'; // it is watched as soon as it exists
    if (!isMissing) this.#watched.onPolling(whyNot(trouble));
    const watcher = this.#open(true, () => undefined); // polling continues; the next try follows
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
