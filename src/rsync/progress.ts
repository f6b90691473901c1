import type { Progress } from '../bus/events.ts';
import { parseProgress, type ProgressLine } from './output.ts';

/** Makes of what rsync says, and of what it writes, how far the whole is. */
export interface PullProgress {
  /** @returns whether the line tells of progress */
  see(line: string): boolean;
  /**
   * Told now and then, without a line: in the midst of a large file rsync says nothing.
   * @param bytes that were written so far
   * @returns whether a line came since the last call
   */
  written(bytes: number): boolean;
}

export interface PullProgressOptions {
  /** All of it is copied. Otherwise most is only passed over, and the share of the list says more than that of the bytes. */
  readonly isFirst: boolean;
  readonly onProgress: (progress: Progress) => void;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** How often progress is told at most, in milliseconds: answers that come once a second do not come after a second each. */
const everyMs = 800;

/** Below that nothing is told of what was written: the log is written, too. */
const noteworthyBytes = 65_536;

/** After so long a guess of the time left is better than none, in milliseconds. */
const guessAfterMs = 5_000;

export const createPullProgress = (options: PullProgressOptions): PullProgress => new MeasuredProgress(options);

class MeasuredProgress implements PullProgress {
  readonly #isFirst: boolean;
  readonly #onProgress: (progress: Progress) => void;
  readonly #now: () => number;
  readonly #begunAt: number;
  #toldAt = -Infinity;
  #unread: string | undefined; // the newest line that counted files and was not worth reading
  #files = 0;
  #passed = 0;
  #last: ProgressLine = { bytes: 0 };
  #base: number | undefined; // what was written at the last line
  #told = 0;

  constructor({ isFirst, onProgress, now = () => performance.now() }: PullProgressOptions) {
    this.#isFirst = isFirst;
    this.#onProgress = onProgress;
    this.#now = now;
    this.#begunAt = now();
  }

  see(text: string): boolean {
    if (this.#isTime() || !text.startsWith(' ') || !text.endsWith(')')) {
      if (!this.#read(text)) return false;
    } else this.#unread = text;
    this.#base = undefined;
    return true;
  }

  written(bytes: number): boolean {
    const isAnswered = this.#base === undefined;
    if (this.#base === undefined) {
      this.#base = bytes;
      this.#told = bytes;
    }
    if (!this.#isTime()) return isAnswered;
    if (this.#unread !== undefined) this.#read(this.#unread);
    else if (bytes - this.#told >= noteworthyBytes) {
      this.#told = bytes;
      this.#tellInside(bytes - this.#base);
    }
    return isAnswered;
  }

  #isTime(): boolean {
    return this.#now() - this.#toldAt >= everyMs;
  }

  #read(text: string): boolean {
    const line = parseProgress(text);
    if (line === undefined) return false;
    if (this.#unread !== undefined) this.#take(parseProgress(this.#unread) ?? line);
    this.#unread = undefined;
    this.#take(line);
    if (this.#isTime()) this.#tell(line.bytes, line.percent);
    return true;
  }

  #take(line: ProgressLine): void {
    this.#files = Math.max(this.#files, line.files ?? 0); // the lines within a large file do not repeat the count
    this.#passed = line.passed ?? this.#passed;
    this.#last = line;
  }

  #tell(bytes: number, share: number | undefined): void {
    this.#toldAt = this.#now();
    const percent = share === undefined ? undefined : Math.floor(this.#isFirst ? share : Math.max(share, this.#passed));
    const elapsed = this.#toldAt - this.#begunAt;
    const left =
      percent === undefined || percent < 1 || elapsed < guessAfterMs
        ? undefined
        : Math.round((elapsed * (100 - percent)) / percent / 1000);
    this.#onProgress({
      bytes,
      files: this.#files,
      ...(percent !== undefined && { percent }),
      ...(left !== undefined && { etaSeconds: left }),
    });
  }

  /** In the midst of a large file, `since` bytes after the last line. */
  #tellInside(since: number): void {
    const { bytes, percent } = this.#last;
    const share =
      percent === undefined || percent < 1
        ? undefined // how much there is cannot be told from it
        : Math.min(99, (percent * (bytes + since)) / bytes);
    this.#tell(bytes + since, share);
  }
}
