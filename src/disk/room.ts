import { readFile, realpath, stat, statfs } from 'node:fs/promises';
import { basename } from 'node:path';

/** The size and the free room of a file system. Blocks reserved for root count as free. */
export interface Room {
  readonly bytes: number;
  readonly freeBytes: number;
  /** 0 if the file system has no fixed number of inodes. */
  readonly inodes: number;
  readonly freeInodes: number;
}

/**
 * Room of the file system that holds a path; see statfs(2). Blocks that ext4 reserves for itself are not free.
 * @throws the system's error
 */
export const readRoom = (path: string): Promise<Room> => createRoomReader(path)();

/** Reads room repeatedly; ext4's own reserve is read only once. */
function createRoomReader(path: string): () => Promise<Room> {
  let kept: number | undefined;
  return async () => {
    const { blocks, bfree, bsize, files, ffree, type } = await statfs(path);
    kept ??= type === ext4 ? await keptByExt4(path) : 0;
    return { bytes: blocks * bsize, freeBytes: Math.max(0, bfree - kept) * bsize, inodes: files, freeInodes: ffree };
  };
}

/** See statfs(2). */
const ext4 = 0xef53;

/** In blocks; 0 if unknown. */
async function keptByExt4(path: string): Promise<number> {
  try {
    const { dev } = await stat(path);
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)]; // see makedev(3)
    const name = basename(await realpath(`/sys/dev/block/${String(major)}:${String(minor)}`));
    const count = Number((await readFile(`/sys/fs/ext4/${name}/reserved_clusters`, 'utf8')).trim());
    return Number.isSafeInteger(count) && count > 0 ? count : 0;
  } catch {
    return 0;
  }
}

/** The room that must be free. */
export interface RoomWanted {
  readonly bytes: number;
  readonly inodes: number;
}

/** The resource that a file system is short of; undefined when it has enough. */
export type Shortage = 'blocks' | 'inodes';

export function shortageOf({ freeBytes, inodes, freeInodes }: Room, wanted: RoomWanted): Shortage | undefined {
  if (freeBytes < wanted.bytes) return 'blocks';
  return inodes > 0 && freeInodes < wanted.inodes ? 'inodes' : undefined;
}

/** A share of all blocks and of all inodes. */
export const shareOf = ({ bytes, inodes }: Room, share: number): RoomWanted => ({
  bytes: bytes * share,
  inodes: inodes * share,
});

/** With less, no write of ordinary size can succeed: rsync writes 256 KiB at once. */
export const nothingLeft = (room: Room): RoomWanted => ({ bytes: Math.min(mebibyte, room.bytes / 100), inodes: 1 });

const mebibyte = 1024 * 1024;

/** Measures the least free room of a file system. */
export interface RoomMeter {
  /** Ends the measurement. Returns the resource that was used up meanwhile, if any. */
  end(): Promise<Shortage | undefined>;
}

/**
 * Milliseconds until the next measurement. A file may fill the free room, and be removed, between two of them, so they
 * come the sooner the less room there is. No disk and no network is faster than half a gigabyte per second.
 */
const untilNextMeasure = (freeBytes: number): number => Math.min(250, Math.max(10, freeBytes / mebibyte / 2));

/**
 * The resource that a failed write lacked, from the room before it and the least room during it: a program removes its
 * unfinished file before it ends, so the room afterwards says little.
 */
export function usedUp(before: Room, least: Room): Shortage | undefined {
  const left = shortageOf(least, nothingLeft(least));
  const isDrained = least.freeBytes < Math.min(16 * mebibyte, least.bytes / 100, before.freeBytes / 2);
  return left ?? (isDrained ? 'blocks' : undefined);
}

/** Measures a path's file system repeatedly, and once more at the end. An unreadable one counts as no shortage. */
export function meterRoom(path: string): RoomMeter {
  const read = createRoomReader(path);
  let before: Room | undefined;
  let least: Room | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const measure = async (): Promise<void> => {
    try {
      const room = await read();
      before ??= room;
      least = {
        ...room,
        freeBytes: Math.min(room.freeBytes, least?.freeBytes ?? Infinity),
        freeInodes: Math.min(room.freeInodes, least?.freeInodes ?? Infinity),
      };
    } catch {
      // the disk is gone; how the program ends tells
    }
  };
  const measureAgain = async (): Promise<void> => {
    await measure();
    if (!isOver) timer = setTimeout(() => void measureAgain(), untilNextMeasure(least?.freeBytes ?? Infinity));
  };
  void measureAgain();
  return {
    end: async () => {
      isOver = true;
      clearTimeout(timer);
      await measure();
      return before && least && usedUp(before, least);
    },
  };
}
