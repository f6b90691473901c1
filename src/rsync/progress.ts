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

export function createPullProgress({
  isFirst,
  onProgress,
  now = () => performance.now(),
}: PullProgressOptions): PullProgress {
  const begunAt = now();
  let toldAt = -Infinity;
  let unread: string | undefined; // the newest line that counted files and was not worth reading
  let files = 0;
  let passed = 0;
  let last: ProgressLine = { bytes: 0 };
  let base: number | undefined; // what was written at the last line
  let told = 0;

  const take = (line: ProgressLine): void => {
    files = Math.max(files, line.files ?? 0); // the lines within a large file do not repeat the count
    passed = line.passed ?? passed;
    last = line;
  };
  const read = (text: string): boolean => {
    const line = parseProgress(text);
    if (line === undefined) return false;
    if (unread !== undefined) take(parseProgress(unread) ?? line);
    unread = undefined;
    take(line);
    if (now() - toldAt >= everyMs) tell(line.bytes, line.percent);
    return true;
  };
  const tell = (bytes: number, share: number | undefined): void => {
    toldAt = now();
    const percent = share === undefined ? undefined : Math.floor(isFirst ? share : Math.max(share, passed));
    const elapsed = toldAt - begunAt;
    const left =
      percent === undefined || percent < 1 || elapsed < guessAfterMs
        ? undefined
        : Math.round((elapsed * (100 - percent)) / percent / 1000);
    onProgress({
      bytes,
      files,
      ...(percent !== undefined && { percent }),
      ...(left !== undefined && { etaSeconds: left }),
    });
  };
  const tellInside = (since: number): void => {
    const share =
      last.percent === undefined || last.percent < 1
        ? undefined // how much there is cannot be told from it
        : Math.min(99, (last.percent * (last.bytes + since)) / last.bytes);
    tell(last.bytes + since, share);
  };
  return {
    see: (text) => {
      if (now() - toldAt >= everyMs || !text.startsWith(' ') || !text.endsWith(')')) {
        if (!read(text)) return false;
      } else unread = text;
      base = undefined;
      return true;
    },
    written: (bytes) => {
      const isAnswered = base === undefined;
      if (base === undefined) {
        base = bytes;
        told = bytes;
      }
      if (now() - toldAt < everyMs) return isAnswered;
      if (unread !== undefined) read(unread);
      else if (bytes - told >= noteworthyBytes) {
        told = bytes;
        tellInside(bytes - base);
      }
      return isAnswered;
    },
  };
}
