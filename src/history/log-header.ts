import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { DriveError } from '../errors.ts';
import { openPlainFile } from '../system/plain-file.ts';
import { betweenMarks, newMark } from './change.ts';
import { parseStamp, renderStamp, type EntryStamp } from './entry-stamp.ts';

/**
 * The first line of a log: the mark of lines about changes, and their source. The log is rsync's standard output, on
 * the disk, so nothing is lost when its caller dies. Older logs have no mark.
 */
export interface LogHeader {
  readonly mark?: string;
  /** Name of one of several sources, whose directory in the mirror the paths are below. */
  readonly source?: string;
  /** Its place in the order of entries: the second line of a log. Older logs have none. */
  readonly stamp?: EntryStamp;
}

const pattern = /^(?:marked (![0-9a-f]{8}))?(?:(?:^| )below (.+)\/)?$/;
const longestHeader = 512;

/** Reads the header of an open log. */
export async function readLogHeader(handle: FileHandle): Promise<LogHeader> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestHeader), 0, longestHeader, 0);
  const [first = '', second = ''] = buffer.toString('latin1', 0, bytesRead).split('\n', 2);
  const [, mark, source] = pattern.exec(first) ?? [];
  const stamp = mark === undefined ? undefined : parseStamp(betweenMarks(second, mark) ?? '');
  return { ...(mark !== undefined && { mark }), ...(source !== undefined && { source }), ...(stamp && { stamp }) };
}

/**
 * Begins a log. A second rsync of the same entry appends to it.
 * @returns the mark of its lines
 * @throws the system's error; DriveError when another kind of file has that name
 */
export async function beginLog(file: string, source?: string, stamp?: EntryStamp): Promise<string> {
  const mark = newMark();
  try {
    const handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      const second = stamp === undefined ? '' : `${mark}${renderStamp(stamp)}${mark}\n`;
      await handle.writeFile(`marked ${mark}${source === undefined ? '' : ` below ${source}/`}\n${second}`);
    } finally {
      await handle.close();
    }
    return mark;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const begun = await markOf(file);
  if (begun === undefined)
    throw new DriveError(
      'EXB_STRANGE_INSIDE',
      'The log of this run cannot be written: its place on the disk is taken by another file. Nothing was written there.',
      'Look at .extbackup/history with: extbackup mount ; and find out who had access to the disk.',
    );
  return begun;
}

async function markOf(file: string): Promise<string | undefined> {
  const handle = await openPlainFile(file);
  if (handle === undefined) return undefined;
  try {
    return (await readLogHeader(handle)).mark;
  } finally {
    await handle.close();
  }
}
