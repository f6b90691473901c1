import type { FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { openPlainFile } from '../system/filesystem.ts';

/**
 * rsync itself writes on the disk what it does, a line each, so nothing is lost when its caller dies. A line reads
 * `2026/11/24 06:25:00 [123] >f+++++++++|path`; see rsync(1), --log-file-format.
 * With several sources, paths begin with the name of the source: its directory in the mirror.
 */
export const logFormat = (source?: string): string => `%i|${source === undefined ? '' : `${source}/`}%n`;

/**
 * Its first line, where there are several sources: of what rsync clears away to make room, it writes names without
 * that of the source, whatever the format.
 */
export const logHeader = (source: string): string => `below ${source}/\n`;

/** What cannot be told from the files in a history entry. */
export interface LoggedChange {
  readonly kind: 'created' | 'deleted-directory';
  readonly isDirectory: boolean;
  /** Below the mirror, in bytes: names need not be UTF-8. */
  readonly path: Buffer;
}

/** Flags of a deletion from here on say that the place is needed for something new; see DEL_FOR_FILE in rsync's source. */
export const makesRoom = 8;

const headerPattern = /^below (.+)\/$/;

/** What --debug=del2 tells of a directory, before it is cleared away for a new file or link of its name. */
const makesRoomPattern = /^\S+ \S+ \[\d+\] delete_item\((.+)\) mode=4[0-7]{4} flags=(\d{1,4})$/s;

const linePattern = /^\S+ \S+ \[\d+\] (?:[<>ch.]([fdLDS])\+{9}|(\*deleting) *)\|(.+)$/s;

/**
 * Reads a line of the log; undefined when it is about neither.
 * @param line has one character for each byte
 * @param source from the header, one character for each byte, too
 */
export function parseLogLine(line: string, source?: string): LoggedChange | undefined {
  const [, cleared, flags] = makesRoomPattern.exec(line) ?? [];
  if (cleared !== undefined && Number(flags) >= makesRoom) return deletedDirectory(bytesOfName(source === undefined ? cleared : `${source}/${cleared}`));
  const [, type, deleting, path] = linePattern.exec(line) ?? [];
  if (path === undefined) return undefined;
  const name = bytesOfName(path);
  if (deleting !== undefined) return path.endsWith('/') ? deletedDirectory(name) : undefined;
  if (!isInside(name)) return undefined;
  return { kind: 'created', isDirectory: type === 'd', path: name };
}

const deletedDirectory = (path: Buffer): LoggedChange | undefined => (isInside(path) ? { kind: 'deleted-directory', isDirectory: true, path } : undefined);

/**
 * The log stands on a disk that may come from anywhere: it never leads out of the mirror. Looks at the name itself,
 * because dots and slashes can be escaped, too.
 */
export const isInside = (name: Buffer): boolean => !name.includes(0) && name.toString('latin1').split('/').every((part) => !['', '.', '..'].includes(part));

/** The bytes of a path as rsync prints it, read as UTF-8. */
export const bytesOfPath = (printed: string): Buffer => bytesOfName(Buffer.from(printed).toString('latin1'));

/** Takes back what rsync does to control characters, `\#ooo`, and the slash after a directory. */
export function bytesOfName(escaped: string): Buffer {
  const name = escaped.replace(/\\#([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(name.replace(/\/+$/, ''), 'latin1');
}

const copiedPattern = /^\S+ \S+ \[\d+\] [<>h]f\S+ *\|(.+)$/s;

/** Reads a line of the log; undefined when it is not about a file that was copied, or linked to one. */
export function parseCopied(line: string): Buffer | undefined {
  const path = copiedPattern.exec(line)?.[1];
  if (path === undefined) return undefined;
  const name = bytesOfName(path);
  return isInside(name) ? name : undefined;
}

/**
 * The files that a run copied, in the order in which it did. None when there is no log.
 * @param from byte at which a line begins; `next` of a file is where to go on after it
 */
export async function* readCopied(file: string, from = 0): AsyncGenerator<{ readonly path: Buffer; readonly next: number }> {
  const handle = await openPlainFile(file);
  if (handle === undefined) return;
  let next = from;
  for await (const line of createInterface({ input: handle.createReadStream({ encoding: 'latin1', start: from }) })) {
    next += line.length + 1; // a line holds no carriage return: rsync writes that as \#015
    const path = parseCopied(line);
    if (path) yield { path, next };
  }
}

const pieceSize = 64 * 1024;

/** The changes of a log, the last one first, so that what is in a directory comes before it. None when there is no log. */
export async function* readLogBackwards(file: string): AsyncGenerator<LoggedChange> {
  const handle = await openPlainFile(file);
  if (handle === undefined) return;
  try {
    let end = (await handle.stat()).size;
    const source = await sourceOfLog(handle);
    let rest = ''; // the beginning of the piece before, which belongs to a line that starts further up
    const piece = Buffer.alloc(pieceSize);
    while (end > 0) {
      const start = Math.max(0, end - pieceSize);
      const { bytesRead } = await handle.read(piece, 0, end - start, start);
      const lines = (piece.toString('latin1', 0, bytesRead) + rest).split('\n');
      rest = lines.shift() ?? '';
      for (const line of lines.reverse()) {
        const change = parseLogLine(line, source);
        if (change) yield change;
      }
      end = start;
    }
    const first = parseLogLine(rest);
    if (first) yield first;
  } finally {
    await handle.close();
  }
}

/** undefined where there is one source, without a name. */
async function sourceOfLog(handle: FileHandle): Promise<string | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
  return headerPattern.exec(buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? '')?.[1];
}
