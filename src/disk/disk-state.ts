import { constants, open, readdir, readFile, realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withDeadline } from '../system/deadline.ts';

/** The resource that a disk has run out of; see statfs(2). */
export type Shortage = 'blocks' | 'inodes';

/** The kernel's facts about an opened disk; nothing in it comes from a server, a file name or a program's output. */
export interface DiskState {
  /**
   * The code of the error; undefined when a small file can be written and flushed, or only room is missing.
   */
  readonly fault: string | undefined;
  /** Errors of the device and of its ext4, counted by the kernel since the plug-in; 0 without such a counter. */
  readonly errors: number;
  /** There is no room even for a small new file. */
  readonly shortage: Shortage | undefined;
  /** A write of ordinary size fails, though a small file may fit. */
  readonly nearlyFull: Shortage | undefined;
}

/** In milliseconds. The flush of one small file may have to wait for all earlier writes. */
const patienceMs = 5 * 60_000;

/** A file of ordinary size needs this room, or one percent of a small disk. */
const littleRoom = 16 * 1024 * 1024;

const probeBytes = 256 * 1024;

/** A file without a name; see open(2). Node has no constant for it. */
const tmpfile = 0o20000000 | constants.O_DIRECTORY;

/** btrfs may have no room for its own trees while blocks are free; see statfs(2). */
const btrfs = 0x9123683e;

/**
 * Measures an opened disk: writes a file without a name, flushes it, and reads the kernel's counters. Never throws.
 * @param directory on the disk, for example the mirror
 */
export async function measureDisk(directory: string): Promise<DiskState> {
  const measuring = (async (): Promise<DiskState> => {
    const [code, errors] = [await writeProbe(directory), await countErrors(directory)];
    const { isLittle, of } = await roomOf(directory);
    const isShort = code === 'ENOSPC' || code === 'EDQUOT' || of === 'inodes';
    return {
      fault: isShort ? undefined : code,
      errors,
      shortage: isShort ? of : undefined,
      nearlyFull: isShort || isLittle ? of : undefined,
    };
  })();
  return withDeadline(measuring, patienceMs, () => new Error('the disk does not answer')).catch(() => ({
    fault: 'ETIMEDOUT',
    errors: 0,
    shortage: undefined,
    nearlyFull: undefined,
  }));
}

/** @returns the code of the error; undefined when all is well */
async function writeProbe(directory: string): Promise<string | undefined> {
  try {
    const file = await open(directory, tmpfile | constants.O_RDWR, 0o600);
    try {
      await file.writeFile(Buffer.alloc(probeBytes, 'x'));
      await file.sync();
    } finally {
      await file.close();
    }
    return undefined;
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    return code === 'EOPNOTSUPP' || code === 'EISDIR' ? undefined : code; // this file system has no such files
  }
}

/** Whether there is little room, and the scarcest resource. */
async function roomOf(directory: string): Promise<{ readonly of: Shortage; readonly isLittle: boolean }> {
  try {
    const { bavail, blocks, bsize, files, ffree, type } = await statfs(directory);
    const [freeBytes, share] = [bavail * bsize, (blocks * bsize) / 100];
    const isLittle = freeBytes < (type === btrfs ? Math.max(littleRoom, share) : Math.min(littleRoom, share));
    return { isLittle, of: files > 0 && ffree === 0 ? 'inodes' : 'blocks' }; // btrfs counts no inodes
  } catch {
    return { isLittle: false, of: 'blocks' }; // the probe reports the error
  }
}

/**
 * Errors that the kernel has counted: of commands to the disk (SCSI), and of the ext4 on it. Grows only while the disk is
 * plugged in, so two readings are compared. Never throws.
 * @param path on the disk
 */
export async function countErrors(path: string): Promise<number> {
  try {
    const { dev } = await stat(path);
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)]; // see makedev(3)
    const device = await realpath(`/sys/dev/block/${String(major)}:${String(minor)}`);
    const ofFilesystem = await readCount(`/sys/fs/ext4/${basename(device)}/errors_count`);
    return ofFilesystem + (await errorsBelow(device));
  } catch {
    return 0; // no block device, or it is gone: then the probe reports it
  }
}

async function errorsBelow(device: string): Promise<number> {
  const below = await readdir(join(device, 'slaves')).catch(() => []);
  let count = 0;
  for (const name of below) count += await errorsBelow(await realpath(join(device, 'slaves', name)));
  if (below.length > 0) return count;
  const own = await readCount(join(device, 'device/ioerr_cnt'));
  return own > 0 ? own : readCount(join(dirname(device), 'device/ioerr_cnt')); // for a partition, the disk has the counter
}

async function readCount(file: string): Promise<number> {
  const count = Number((await readFile(file, 'utf8').catch(() => '0')).trim()); // 0x1f, or decimal
  return Number.isSafeInteger(count) ? count : 0;
}
