import type { PullFigures } from '../bus/events.ts';

/** A progress line. */
export interface ProgressLine {
  /** Of the files that were copied. */
  readonly bytes: number;
  /** Their share of all bytes; undefined while the file list still grows. */
  readonly percent?: number;
  /** Files copied; undefined in the middle of one. */
  readonly files?: number;
  /** Finished share of the file list, in percent; undefined in the middle of a file, and while the list still grows. */
  readonly passed?: number;
}

/**
 * Such a line, with `--no-human-readable`: `  1,234,567  42%  12.34MB/s  0:00:05 (xfr#12, to-chk=345/678)`; `ir-chk`
 * while the file list still grows. The time is the elapsed time or, in the middle of a file, the remaining time of that
 * file.
 */
const progressLine =
  /^\s*([\d,.]+)\s+(\d{1,3})%\s+\S+\s+(?:\d+:\d{2}:\d{2}|\?\?:\?\?:\?\?)(?:\s+\(xfr#(\d+), (to|ir)-chk=(\d+)\/(\d+)\))?\s*$/;

/**
 * Reads one progress line of rsync.
 * @param line without its carriage return
 * @returns undefined for any other line
 */
export function parseProgress(line: string): ProgressLine | undefined {
  const match = progressLine.exec(line);
  if (!match) return undefined;
  const [, bytes = '', percent = '', transferred, kind, left = '0', all = '0'] = match;
  return {
    bytes: toCount(bytes),
    ...(transferred !== undefined && { files: toCount(transferred) }),
    ...(kind !== 'ir' && { percent: Math.min(100, Number(percent)) }), // of a list that still grows, a share means nothing
    ...(kind === 'to' && toCount(all) > 0 && { passed: 100 * Math.max(0, 1 - toCount(left) / toCount(all)) }),
  };
}

/** Limited to exact integers: an endless row of digits must not become Infinity, which JSON does not know. */
const toCount = (text: string): number => Math.min(Number.MAX_SAFE_INTEGER, Number(text.replace(/[,.]/g, '')));

const statLines: readonly (readonly [keyof PullFigures, RegExp])[] = [
  ['filesTransferred', /^Number of regular files transferred: ([\d,.]+)/m],
  ['filesDeleted', /^Number of deleted files: ([\d,.]+)/m],
  ['bytesTotal', /^Total file size: ([\d,.]+) bytes/m],
  ['bytesTransferred', /^Total transferred file size: ([\d,.]+) bytes/m],
  ['bytesReceived', /^Total bytes received: ([\d,.]+)/m],
];

/** Reads the statistics of `--info=stats2`; a missing figure counts as 0. */
export function parseStats(text: string): PullFigures {
  const figures: { -readonly [Key in keyof PullFigures]: PullFigures[Key] } = {
    filesTotal: parseRegularFiles(text),
    filesTransferred: 0,
    filesDeleted: 0,
    bytesTotal: 0,
    bytesTransferred: 0,
    bytesReceived: 0,
  };
  for (const [name, pattern] of statLines) {
    const digits = pattern.exec(text)?.[1];
    if (digits !== undefined) figures[name] = toCount(digits);
  }
  return figures;
}

/**
 * The statistics of the local rsync, which it prints last. A server can make it print lines that look the same, but
 * only earlier, while the connection lasts.
 */
export function ownStats(text: string): string {
  const start = `\n${text}`.lastIndexOf('\nNumber of files: ');
  return start < 0 ? '' : text.slice(start);
}

/** Names that our rsync got from the source; undefined when it printed no statistics. */
export function parseListed(text: string): number | undefined {
  const listed = /^Number of files: ([\d,.]+)/m.exec(text)?.[1];
  return listed === undefined ? undefined : toCount(listed);
}

/** Whether the statistics are there to their last line. */
export const hasStats = (text: string): boolean => /^Number of files: /m.test(text) && /^total size is /m.test(text);

/** Number of entries in the source except directories: `Number of files: 7 (reg: 3, dir: 4)`. */
export function parseRegularFiles(text: string): number {
  const line = /^Number of files: ([\d,.]+)(?: \(([^)]*)\))?/m.exec(text);
  if (!line) return 0;
  const kinds = line[2] ?? '';
  const others = /(?:^|, )dir: ([\d,.]+)/.exec(kinds)?.[1];
  return Math.max(0, toCount(line[1] ?? '0') - toCount(others ?? '0'));
}

/** Exit codes of an rsync that may have been kept from deleting; it prints their number last. */
const mayHaveSkipped: readonly (number | undefined)[] = [23, 24, 25];

/**
 * Number of deletions that `--max-delete` prevented, from standard error. The login on the server prints there, too, but
 * earlier; the exit code is rsync's own.
 */
export function parseSkippedDeletions(stderr: string, exitCode: number | undefined): number {
  if (!mayHaveSkipped.includes(exitCode)) return 0;
  const told = [...stderr.matchAll(/^Deletions stopped due to --max-delete limit \(([\d,.]+) skipped\)$/gm)];
  return toCount(told.at(-1)?.[1] ?? '0');
}

/** Counts the lines of standard error: a million complaints take no memory. */
export interface Complaints {
  /** Files that vanished on the server while it was read. */
  vanished: number;
  /** Directories in the place of a new file, until the deleting phase. */
  waiting: number;
  others: number;
}

/** Counts one line of standard error. */
export function countComplaint(complaints: Complaints, line: string): void {
  // sudo warns on a server that does not know its own name, and goes on.
  if (/^rsync (?:error|warning): |^Deletions stopped due to |^sudo: /.test(line)) return;
  if (/^(?:could not make way for |cannot delete non-empty directory)/.test(line)) complaints.waiting += 1;
  else if (/^file has vanished: /.test(line)) complaints.vanished += 1;
  else complaints.others += 1;
}

/**
 * Whether rsync ended with 23 only because `--max-delete=0` kept a directory in the place of a new file. The
 * deleting phase corrects that, so it is not a gap.
 */
export const onlyWaitsForDeletion = ({ vanished, waiting, others }: Complaints, skippedDeletions: number): boolean =>
  skippedDeletions > 0 && waiting > 0 && vanished + others === 0;

/** A path of 4096 bytes, each written as `\#ooo`, with the text around it. */
const longestLine = 24_000;

/** Splits a stream into lines at carriage returns and newlines, across its pieces. */
export function createLineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const text = rest + (chunk.includes('\r') ? chunk.replaceAll('\r', '\n') : chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      if (end > start) onLine(text.slice(start, end));
      start = end + 1;
    }
    rest = text.slice(Math.max(start, text.length - longestLine)); // an endless line from a server must not fill the memory
  };
}
