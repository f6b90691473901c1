import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/**
 * Standard output of a program that writes each line by itself, as rsync does whatever --outbuf says. With an ordinary
 * pipe each write wakes us up, which costs half as much again as all that rsync does; this one is looked at now and then.
 */
export interface PacedOutput {
  /** The program's end, until {@link begin}. */
  readonly writeEnd: number;
  /** When the program has been started, or could not be. */
  begin(): void;
  /** Looks at once: something has probably come. */
  look(): void;
  /** Resolves when all who hold the program's end have closed it, and everything was read. */
  readonly ended: Promise<void>;
  /** Nothing more is heard. */
  stop(): void;
}

const nameBegins = '.output-';

/** What a FIFO holds, in bytes; see pipe(7). */
const capacity = 65_536;

/** Pauses between two looks in milliseconds: at the fastest, a FIFO takes longer to fill. */
const afterSomething = 15;
const afterNothing = 60;

/** So many full FIFOs are read before anything else gets its turn. */
const mostAtOnce = 16;

/**
 * @param makeFifo makes one at a path; see mkfifo(1)
 * @param onPiece gets what was written, in whole characters
 */
export async function openPacedOutput(directory: string, makeFifo: (path: string) => Promise<void>, onPiece: (piece: string) => void): Promise<PacedOutput> {
  const { readEnd, writeEnd } = await openFifo(join(directory, `${nameBegins}${randomUUID()}`), makeFifo);
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.allocUnsafe(capacity);
  let timer: NodeJS.Timeout | undefined;
  let isOpen = true;
  const isStopped = (): boolean => !isOpen;
  let finish = (): void => undefined;
  const ended = new Promise<void>((resolve) => { finish = resolve; });
  const stop = (): void => {
    clearTimeout(timer);
    if (isOpen) closeSync(readEnd);
    isOpen = false;
    finish();
  };
  const look = (): void => {
    clearTimeout(timer);
    if (isStopped()) return;
    let pieces = 0;
    for (; pieces < mostAtOnce; pieces += 1) {
      const length = readNow(readEnd, buffer);
      if (length === undefined) break;
      if (length === 0) {
        onPiece(decoder.end());
        stop();
        return;
      }
      onPiece(decoder.write(buffer.subarray(0, length)));
      if (isStopped()) return; // by what it read
    }
    timer = setTimeout(look, pieces === 0 ? afterNothing : afterSomething);
  };
  return { writeEnd, begin: () => { closeSync(writeEnd); look(); }, look, ended, stop };
}

/** Both ends of a FIFO that has no name any more. */
async function openFifo(path: string, makeFifo: (path: string) => Promise<void>): Promise<{ readEnd: number; writeEnd: number }> {
  let readEnd: number | undefined;
  try {
    await makeFifo(path);
    readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    if (readEnd !== undefined) closeSync(readEnd);
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

/** Removes the names of those whose maker was killed before it could do so; for when nobody makes any. */
export async function removeLeftOutputs(directory: string): Promise<void> {
  for (const name of await readdir(directory)) if (name.startsWith(nameBegins)) await rm(join(directory, name), { force: true });
}

/** @returns how many bytes; 0 at the end, undefined when there are none yet */
function readNow(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
