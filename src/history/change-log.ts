import type { FileHandle } from 'node:fs/promises';
import { openPlainFile } from '../system/plain-file.ts';
import { attributesChanged, betweenMarks } from './change.ts';
import { readLogHeader, type LogHeader } from './log-header.ts';

/** Changes that the files of a history entry do not show. */
export interface LoggedChange {
  readonly kind: 'created' | 'deleted-directory';
  readonly isDirectory: boolean;
  /** Below the mirror, in bytes: names need not be UTF-8. */
  readonly path: Buffer;
  /** Not created by rsync: its old version was removed, because an earlier entry brings an older one, or created it. */
  readonly isThinned?: boolean;
}

/**
 * Deletion flags from this value on mean that a new file replaces the deleted one; see DEL_FOR_FILE in rsync's
 * source.
 */
export const makesRoom = 8;

/** The line of --debug=del2 about a directory that is replaced by a new file or link. */
const makesRoomPattern = /^delete_item\((.+)\) mode=4[0-7]{4} flags=(\d{1,4})$/s;

const changePattern = /^(?:[<>ch.]([fdLDS])\+{9}|(\*deleting|\*thinned) *)\|(.+)$/s;
const copiedPattern = /^[<>h]f[^\s|]+ *\|(.+)$/s;

/** The text before each line of an rsync --log-file. */
const stamp = /^\d\S+ \S+ \[\d+\] /;

/** A line without its prefix. */
interface Line {
  readonly text: string;
  /** The line is about a change. */
  readonly isMarked: boolean;
}

function lineOf(line: string, { mark }: LogHeader): Line {
  if (mark === undefined) {
    const text = line.replace(stamp, '');
    return { text, isMarked: text.length < line.length };
  }
  const told = betweenMarks(line, mark);
  // Only in lines with a mark: older logs have no sizes, and a number may be a name there.
  if (told !== undefined) return { text: told.replace(/\|\d+\|\d+\|/, '|'), isMarked: true };
  // rsync prints its progress without a line end, so another line may follow directly.
  const start = /^\r? /.test(line) ? line.indexOf('delete_item(') : 0;
  return { text: start < 0 ? '' : line.slice(start), isMarked: false };
}

/** Older logs, which rsync wrote with --log-file, have neither sizes nor a mark, but the name of the source before each path. */
const bytesBelow = (printed: string, { mark, source }: LogHeader): Buffer =>
  bytesOfName(mark === undefined || source === undefined ? printed : `${source}/${printed}`);

/**
 * Reads a line of the log; undefined when it is about neither a creation nor a deletion.
 * @param line has one character for each byte
 * @param header the log's
 */
export function parseLogLine(line: string, header: LogHeader): LoggedChange | undefined {
  const { text, isMarked } = lineOf(line, header);
  const [, cleared, flags] = makesRoomPattern.exec(text) ?? [];
  if (cleared !== undefined && Number(flags) >= makesRoom)
    return deletedDirectory(bytesOfName(header.source === undefined ? cleared : `${header.source}/${cleared}`));
  const [, type, item, path] = isMarked ? (changePattern.exec(text) ?? []) : [];
  if (path === undefined) return undefined;
  const name = bytesBelow(path, header);
  if (item === '*thinned')
    return isInside(name) ? { kind: 'created', isDirectory: false, path: name, isThinned: true } : undefined;
  if (item !== undefined) return path.endsWith('/') ? deletedDirectory(name) : undefined;
  if (!isInside(name)) return undefined;
  return { kind: 'created', isDirectory: type === 'd', path: name };
}

const deletedDirectory = (path: Buffer): LoggedChange | undefined =>
  isInside(path) ? { kind: 'deleted-directory', isDirectory: true, path } : undefined;

/**
 * The disk may come from anywhere: a path in its log must not lead out of the mirror. Checks the unescaped name,
 * because dots and slashes can be escaped, too.
 */
export const isInside = (name: Buffer): boolean =>
  !name.includes(0) &&
  name
    .toString('latin1')
    .split('/')
    .every((part) => !['', '.', '..'].includes(part));

/** The bytes of a path as rsync prints it, read as UTF-8. */
export const bytesOfPath = (printed: string): Buffer => bytesOfName(Buffer.from(printed).toString('latin1'));

/**
 * The line about a file whose old version was removed from an entry; see thin-entry.ts. @param name below the mirror
 * @returns undefined for a file that the log cannot name
 */
export function thinnedLine(name: Buffer, { mark, source }: LogHeader): string | undefined {
  const start = source === undefined ? 0 : source.length + 1;
  if (mark === undefined || (source !== undefined && name.indexOf(`${source}/`) !== 0)) return undefined;
  const line = `${mark}*thinned  |0|0|${printedName(name.subarray(start))}${mark}`;
  const read = parseLogLine(line, { mark, ...(source !== undefined && { source }) });
  return read?.path.equals(name) === true ? line : undefined;
}

/** Undoes rsync's escapes of control characters, `\#ooo`, and removes the slash after a directory. */
export function bytesOfName(escaped: string): Buffer {
  const name = escaped.replace(/\\#([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(name.replace(/\/+$/, ''), 'latin1');
}

/** A path as rsync prints it: {@link bytesOfName} gives its bytes back. */
export const printedName = (name: Buffer): string =>
  name
    .toString('latin1')
    .replace(/[^\t -~]|\\(?=#[0-7]{3})/g, (character) => `\\#${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** Reads a line of the log; undefined when it is not about a file that was copied, or linked to one. */
export function parseCopied(line: string, header: LogHeader): Buffer | undefined {
  const { text, isMarked } = lineOf(line, header);
  const path = isMarked ? copiedPattern.exec(text)?.[1] : undefined;
  if (path === undefined) return undefined;
  const name = bytesBelow(path, header);
  return isInside(name) ? name : undefined;
}

/** Whole lines; text after the last line end is not a line. */
async function* linesOf(handle: FileHandle, from: number): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of handle.createReadStream({
    encoding: 'latin1',
    start: from,
    autoClose: false,
  }) as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/**
 * The files that a run copied, in the order of copying. Empty without a log.
 * @param from byte at which a line begins; `next` of a file is the byte after its line
 */
export async function* readCopied(
  file: string,
  from = 0,
): AsyncGenerator<{ readonly path: Buffer; readonly next: number }> {
  const handle = await openPlainFile(file);
  if (handle === undefined) return;
  try {
    const header = await readLogHeader(handle);
    let next = from;
    for await (const line of linesOf(handle, from)) {
      next += line.length + 1;
      const path = parseCopied(line, header);
      if (path) yield { path, next };
    }
  } finally {
    await handle.close(); // also when reading stops early: an open file would keep the disk busy
  }
}

/** A file that a run created, changed or gave other attributes. */
export interface Touched {
  /** Below the mirror, in bytes; `.` is the mirror, or the directory of a source in it. */
  readonly path: Buffer;
  /** Only its owner, rights, ACL or extended attributes changed. */
  readonly isAttributes: boolean;
}

/** Reads a line of the log; undefined when it is about a deletion, or only about times. */
function parseTouched(line: string, header: LogHeader): Touched | undefined {
  const { text, isMarked } = lineOf(line, header);
  const [, item, printed] = isMarked ? (/^([<>ch.][fdLDS][^\s|]+) *\|(.+)$/s.exec(text) ?? []) : [];
  if (item === undefined || printed === undefined) return undefined;
  const isAttributes = attributesChanged(item);
  if (item.startsWith('.') && !isAttributes) return undefined;
  const top = printed === './';
  if (top) return { path: Buffer.from(header.mark === undefined ? '.' : (header.source ?? '.')), isAttributes };
  const path = bytesBelow(printed, header);
  return isInside(path) ? { path, isAttributes } : undefined;
}

/** The files that a run changed. Empty without a log. */
export async function* readTouched(file: string): AsyncGenerator<Touched> {
  const handle = await openPlainFile(file);
  if (handle === undefined) return;
  try {
    const header = await readLogHeader(handle);
    for await (const line of linesOf(handle, 0)) {
      const touched = parseTouched(line, header);
      if (touched) yield touched;
    }
  } finally {
    await handle.close();
  }
}

const pieceSize = 64 * 1024;

/**
 * The changes of a log, the last one first, so the content of a directory comes before the directory. Empty without
 * a log.
 */
export async function* readLogBackwards(file: string): AsyncGenerator<LoggedChange> {
  const handle = await openPlainFile(file);
  if (handle === undefined) return;
  try {
    let end = (await handle.stat()).size;
    const header = await readLogHeader(handle);
    let rest = ''; // the start of this piece belongs to a line that starts in an earlier piece
    const piece = Buffer.alloc(pieceSize);
    while (end > 0) {
      const start = Math.max(0, end - pieceSize);
      const { bytesRead } = await handle.read(piece, 0, end - start, start);
      const lines = (piece.toString('latin1', 0, bytesRead) + rest).split('\n');
      rest = lines.shift() ?? '';
      for (const line of lines.reverse()) {
        const change = parseLogLine(line, header);
        if (change) yield change;
      }
      end = start;
    }
    const first = parseLogLine(rest, header);
    if (first) yield first;
  } finally {
    await handle.close();
  }
}
