import { statfs } from 'node:fs/promises';

/** How much a file system holds and can still take. Root may use what is reserved for it. */
export interface Room {
  readonly bytes: number;
  readonly freeBytes: number;
  /** 0 where the file system has no fixed number of them. */
  readonly inodes: number;
  readonly freeInodes: number;
}

/** Room of the file system that holds a path; see statfs(2). @throws the system's error */
export async function readRoom(path: string): Promise<Room> {
  const { blocks, bfree, bsize, files, ffree } = await statfs(path);
  return { bytes: blocks * bsize, freeBytes: bfree * bsize, inodes: files, freeInodes: ffree };
}

/** What must be free. */
export interface RoomWanted {
  readonly bytes: number;
  readonly inodes: number;
}

/** What a file system is short of; undefined when it has what is wanted. */
export type Shortage = 'blocks' | 'inodes';

export function shortageOf({ freeBytes, inodes, freeInodes }: Room, wanted: RoomWanted): Shortage | undefined {
  if (freeBytes < wanted.bytes) return 'blocks';
  return inodes > 0 && freeInodes < wanted.inodes ? 'inodes' : undefined;
}

/** A share of the whole, of both kinds. */
export const shareOf = ({ bytes, inodes }: Room, share: number): RoomWanted => ({
  bytes: bytes * share,
  inodes: inodes * share,
});

/** So little is left when a write has just failed: a program removes its unfinished file before it ends. */
export const nothingLeft = (room: Room): RoomWanted => ({
  bytes: Math.min(64 * 1024 * 1024, room.bytes / 20),
  inodes: Math.min(64, room.inodes / 20),
});

/** Watches how low the room of a file system gets. */
export interface RoomWatch {
  /** Ends the watch. Returns the shortage that it saw, if any. */
  end(): Promise<Shortage | undefined>;
}

const everyMs = 250;

/** Looks at a path's file system a few times a second, and once more at the end; what cannot be read counts as no shortage. */
export function watchRoom(path: string): RoomWatch {
  let seen: Shortage | undefined;
  let isBusy = false;
  const look = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    try {
      const room = await readRoom(path);
      seen ??= shortageOf(room, nothingLeft(room));
    } catch {
      // the disk is gone; how the program ends tells
    } finally {
      isBusy = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  return {
    end: async () => {
      clearInterval(timer);
      await look();
      return seen;
    },
  };
}
