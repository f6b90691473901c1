import { randomBytes } from 'node:crypto';

/**
 * One file that rsync created, changed, deleted or gave other attributes, from its itemised output; see rsync(1),
 * --itemize-changes.
 */
export interface Change {
  /** `attributes`: only owner, rights, ACL or extended attributes changed. */
  readonly kind: 'created' | 'changed' | 'deleted' | 'attributes';
  readonly isDirectory: boolean;
  /** Below the mirror, as rsync prints it: control characters and non-UTF-8 bytes are written as `\#ooo`. */
  readonly path: string;
  /** Size of the new file in bytes; 0 for a deletion. */
  readonly size: number;
}

/**
 * The lines on standard output that {@link parseChange} reads, between two marks: a line that was cut off, by a full
 * disk or a power cut, is ignored. `%b`, the bytes transferred, makes rsync print each line when the file is complete,
 * and not before.
 */
export const changeFormat = (mark: string): string => `${mark}%i|%l|%b|%n${mark}`;

/** The text between the two marks of a line; undefined when a mark is missing. */
export function betweenMarks(line: string, mark: string): string | undefined {
  const start = line.indexOf(mark);
  const end = start < 0 ? -1 : line.indexOf(mark, start + mark.length);
  return end < 0 ? undefined : line.slice(start + mark.length, end);
}

/**
 * The start and end of each of these lines. The server can make rsync print any text; but it does not know the mark,
 * which is random each time, so it cannot forge a change that a rollback would later undo.
 */
export const newMark = (): string => `!${randomBytes(4).toString('hex')}`;

/** `%i` of a change that is not a deletion; see rsync(1), --itemize-changes. */
const itemised = /^[<>ch.][fdLDS]\S+ *$/;

/**
 * Whether an item, `YXcstpoguax`, means that only owner, rights, ACL or extended attributes changed. The
 * content of a directory has lines of its own.
 */
export const attributesChanged = (item: string): boolean =>
  (item.startsWith('.') || item[1] === 'd') &&
  item[2] !== '+' &&
  [5, 6, 7, 9, 10].some((at) => /[a-z]/.test(item[at] ?? ''));

/**
 * Reads one line of {@link changeFormat}. There may be a million of them, so it takes them apart by hand.
 * @param text the text between the marks
 * @returns undefined for anything else, and if only times changed
 */
export function parseChange(text: string): Change | undefined {
  const [first, second] = [text.indexOf('|'), text.indexOf('|', text.indexOf('|') + 1)];
  const third = text.indexOf('|', second + 1);
  if (first < 0 || third < 0 || third === text.length - 1) return undefined;
  const size = toCount(text, first + 1, second);
  if (size === undefined || toCount(text, second + 1, third) === undefined) return undefined;
  const path = text.slice(third + 1);
  const item = text.slice(0, first);
  const isCreated = item.startsWith('+', 2);
  if (!itemised.test(item))
    return /^\*deleting *$/.test(item)
      ? { kind: 'deleted', isDirectory: path.endsWith('/'), path, size: 0 }
      : undefined;
  const isDirectory = item[1] === 'd';
  if (isCreated) return { kind: 'created', isDirectory, path, size };
  if (attributesChanged(item)) return { kind: 'attributes', isDirectory, path, size: 0 };
  return item.startsWith('.') || isDirectory ? undefined : { kind: 'changed', isDirectory, path, size };
}

/** Digits, as a number that can be counted exactly. */
function toCount(text: string, from: number, to: number): number | undefined {
  if (from >= to) return undefined;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = Math.min(Number.MAX_SAFE_INTEGER, value * 10 + digit);
  }
  return value;
}
