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
   * Everything is copied. Otherwise most files are only looked at, and nobody knows how many bytes are still to be
   * copied: then there is no remaining time, and a share of all bytes only when it is large: that much is done at least.
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

/** Percent of all bytes from which a later run says its share. */
const noteworthyShare = 10;

/** Part of the written bytes that is certainly content: the rest may be the log. */
const certain = 0.98;

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
  #passed: number | undefined;
  #percent: number | undefined;
  #most = Infinity;
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
    if (this.#isTime()) this.#tell(line.bytes);
    return true;
  }

  #take(line: ProgressLine): void {
    this.#files = Math.max(this.#files, line.files ?? 0); // lines within a large file have no count
    this.#passed = line.passed ?? this.#passed;
    this.#limitTotal(line);
    this.#last = line;
  }

  /** Bytes to copy at most: rsync rounds its share down, so each line gives a limit. */
  #limitTotal({ bytes, percent = 0 }: ProgressLine): void {
    if (percent >= 1) this.#most = Math.min(this.#most, (bytes * 100) / percent);
  }

  /** @param sure bytes that were certainly copied */
  #tell(bytes: number, sure = bytes): void {
    this.#toldAt = this.#now();
    const share = Math.min(99, Math.floor((100 * bytes) / this.#most));
    const isKnown = this.#isFirst && Number.isFinite(this.#most);
    if (isKnown || share >= noteworthyShare) this.#percent = Math.max(this.#percent ?? 0, share);
    const left = isKnown ? this.#timeLeft(sure) : undefined;
    this.#onProgress({
      bytes,
      files: this.#files,
      ...(this.#percent !== undefined && { percent: this.#percent }),
      ...(isKnown && { totalBytes: Math.max(bytes, Math.round(this.#most)) }),
      ...(this.#passed !== undefined && { checked: Math.floor(this.#passed) }),
      ...(left !== undefined && { etaSeconds: left }),
    });
  }

  /** Seconds for the rest at the average speed so far; small files take longer than their bytes say. */
  #timeLeft(sure: number): number | undefined {
    const elapsed = this.#toldAt - this.#begunAt;
    if (elapsed < guessAfterMs || sure <= 0) return undefined;
    const passed = this.#passed ?? 0;
    const ofBytes = (elapsed * (this.#most - sure)) / sure;
    const ofNames = passed > 0 ? (elapsed * (100 - passed)) / passed : 0;
    const seconds = Math.ceil(Math.max(ofBytes, ofNames) / 1000);
    return seconds > 0 ? seconds : undefined;
  }

  /** Progress within a large file, `since` bytes after the last line. */
  #tellInside(since: number): void {
    const { bytes } = this.#last;
    this.#tell(bytes + since, bytes + Math.max(0, since * certain - noteworthyBytes));
  }
}
