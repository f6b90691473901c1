import type { Progress } from '../bus/events.ts';
import { parseProgress, type ProgressLine } from './output.ts';

/** Computes the progress of a pull from rsync's lines and from the bytes that it writes. */
export interface PullProgress {
  /** @returns whether it is a progress line */
  see(line: string): boolean;
  /**
   * Called regularly without a line: in the middle of a large file rsync prints nothing. @param bytes written so far
   * @returns whether a line came since the last call
   */
  written(bytes: number): boolean;
}

export interface PullProgressOptions {
  /**
   * Everything is copied. Otherwise most files are only checked, and the share of the list is a better measure than the
   * share of bytes.
   */
  readonly isFirst: boolean;
  readonly onProgress: (progress: Progress) => void;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** Shortest time between two reports, in milliseconds: less than a second, because answers come about once a second. */
const everyMs = 800;

/** Fewer written bytes are ignored, because the log is written, too. */
const noteworthyBytes = 65_536;

/** Time before the first estimate of the remaining time, in milliseconds. */
const guessAfterMs = 5_000;

export const createPullProgress = (options: PullProgressOptions): PullProgress => new MeasuredProgress(options);

class MeasuredProgress implements PullProgress {
  readonly #isFirst: boolean;
  readonly #onProgress: (progress: Progress) => void;
  readonly #now: () => number;
  readonly #begunAt: number;
  #toldAt = -Infinity;
  #unread: string | undefined; // the newest line with a file count, not parsed yet
  #files = 0;
  #passed = 0;
  #last: ProgressLine = { bytes: 0 };
  #base: number | undefined; // bytes written at the last line
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
    this.#files = Math.max(this.#files, line.files ?? 0); // lines within a large file have no count
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

  /** Progress within a large file, `since` bytes after the last line. */
  #tellInside(since: number): void {
    const { bytes, percent } = this.#last;
    const share =
      percent === undefined || percent < 1
        ? undefined // it does not show the total size
        : Math.min(99, (percent * (bytes + since)) / bytes);
    this.#tell(bytes + since, share);
  }
}
