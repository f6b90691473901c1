import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

/**
 * Standard output of a program that writes each line separately, as rsync does despite --outbuf: it goes to a file,
 * which is read at intervals. With a pipe, each write would wake this process, which costs half as much as all work of
 * rsync; and a file survives this process.
 */
export interface TailedFile {
  /** The program's end, until {@link begin}. */
  readonly writeEnd: number;
  /** Call when the program was started, or failed to start. */
  begin(): void;
  /** Call when all writers have ended: resolves when everything was read. */
  rest(): Promise<void>;
  /** Stops reading. */
  stop(): void;
}

const pieceBytes = 64 * 1024;

/** Between two readings, in milliseconds. */
const pauseMs = 100;

/**
 * @param file an existing file; its present content is skipped
 * @param onPiece gets the added text, in whole characters
 * @throws the system's error
 */
export async function openTailedFile(file: string, onPiece: (piece: string) => void): Promise<TailedFile> {
  const writer = await open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  const reader = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(async (error: unknown) => {
    await writer.close();
    throw error;
  });
  const decoder = new StringDecoder('utf8');
  const state: { isStopped: boolean; isLast: boolean; wake?: () => void } = { isStopped: false, isLast: false };
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      state.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const follow = async (): Promise<void> => {
    try {
      const buffer = Buffer.allocUnsafe(pieceBytes);
      let position = (await reader.stat()).size;
      while (!state.isStopped) {
        const { isLast } = state; // checked before reading, so that nothing is missed
        // the disk is gone; the program reports it
        const { bytesRead } = await reader.read(buffer, 0, pieceBytes, position).catch(() => ({ bytesRead: 0 }));
        position += bytesRead;
        if (bytesRead > 0) onPiece(decoder.write(buffer.subarray(0, bytesRead)));
        else if (isLast) return;
        if (bytesRead < pieceBytes && !state.isLast) await pause();
      }
    } finally {
      await reader.close().catch(() => undefined);
    }
  };
  const following = follow();
  following.catch(() => undefined); // reported by rest()
  return {
    writeEnd: writer.fd,
    begin: () => {
      writer.close().catch(() => undefined);
    },
    rest: () => {
      state.isLast = true;
      state.wake?.();
      return following;
    },
    stop: () => {
      state.isStopped = true;
      state.wake?.();
    },
  };
}
