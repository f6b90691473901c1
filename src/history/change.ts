import { randomBytes } from 'node:crypto';

/** One file that rsync created, changed or deleted, as its itemised output says; see rsync(1), --itemize-changes. */
export interface Change {
  readonly kind: 'created' | 'changed' | 'deleted';
  readonly isDirectory: boolean;
  /** Below the mirror, as rsync prints it: control characters and odd bytes are written as `\#ooo`. */
  readonly path: string;
  /** Size of the new file in bytes; 0 for what was deleted. */
  readonly size: number;
}

/**
 * The lines on standard output that {@link parseChange} reads, between two marks: of one that was cut off, on a full
 * disk or by a power cut, the name is not believed. `%b`, the bytes transferred, makes rsync print each line when the
 * file is complete, and not before.
 */
export const changeFormat = (mark: string): string => `${mark}%i|%l|%b|%n${mark}`;

/** What stands between the marks of a line, wherever it begins; undefined when it has none, or only the first one. */
export function betweenMarks(line: string, mark: string): string | undefined {
  const start = line.indexOf(mark);
  const end = start < 0 ? -1 : line.indexOf(mark, start + mark.length);
  return end < 0 ? undefined : line.slice(start + mark.length, end);
}

/**
 * What begins and ends each of these lines. The server can have rsync print what it likes; but it does not know the mark, which
 * is another one each time, so it cannot make us believe that something was done, and later undo it.
 */
export const newMark = (): string => `!${randomBytes(4).toString('hex')}`;

const itemised = /^(?:([<>ch.])([fdLDS])(\S+) *|(\*deleting) *)\|(\d+)\|\d+\|(.+)$/s;

/**
 * Reads one line of {@link changeFormat}.
 * @param text what stands between the marks
 * @returns undefined for anything else, and where only owner, rights or times changed
 */
export function parseChange(text: string): Change | undefined {
  const match = itemised.exec(text);
  if (!match) return undefined;
  const [, update, type, attributes = '', deleting, size = '0', path = ''] = match;
  if (deleting !== undefined) return { kind: 'deleted', isDirectory: path.endsWith('/'), path, size: 0 };
  const isDirectory = type === 'd';
  const bytes = Math.min(Number.MAX_SAFE_INTEGER, Number(size));
  if (attributes.startsWith('+')) return { kind: 'created', isDirectory, path, size: bytes };
  return update === '.' || isDirectory ? undefined : { kind: 'changed', isDirectory, path, size: bytes };
}
