import { open, readFile, type FileHandle } from 'node:fs/promises';
import { withDeadline } from '../system/deadline.ts';
import {
  descriptorsPlace,
  parseGroups,
  parseSuperblock,
  superblockPlace,
  type BlockRange,
  type Ext4Group,
  type Ext4Layout,
} from './ext4-layout.ts';

/** Reading that goes on beside other work. */
export interface ReadAhead {
  /**
   * Ends it, and waits until it holds the device no more; not for long on a disk that does not answer: what is still held
   * then is measured when it is closed.
   */
  end(): Promise<void>;
}

/** Blocks that are not needed are read, too, where skipping them would take as long. */
const gapBytes = 262_144;
const pieceBytes = 1_048_576;
/** A read of a disk that wakes up again takes less. */
const longestReadMs = 60_000;
/** Share of the free memory that is filled at most. */
const memoryShare = 0.25;
/** With fewer directories in a flexible group, reading its bitmap takes as long as it saves. */
const fewDirectories = 8;
/** More allocated blocks than this for each directory, in the part of the disk for directories, are files. */
const blocksPerDirectory = 8;

/**
 * Reads inodes and directories of a mounted ext4 file system into the kernel's cache, in the order in which they are on
 * the disk. rsync looks at them in the order of names, which costs a rotating disk a seek for each few of them. A failure
 * costs nothing but the time that would have been saved.
 * @param device the block device that is mounted
 */
export function readAhead(device: string, patienceMs = longestReadMs): ReadAhead {
  const stop = new AbortController();
  const work = readMetadata(device, stop.signal).catch(() => undefined);
  return {
    end: async () => {
      stop.abort();
      await withDeadline(work, patienceMs, () => new Error('the disk does not answer')).catch(() => undefined);
    },
  };
}

async function readMetadata(device: string, signal: AbortSignal): Promise<void> {
  let room = memoryShare * (await freeMemory());
  const handle = await open(device, 'r');
  try {
    const piece = Buffer.alloc(pieceBytes);
    for await (const { position, bytes } of metadataOf(handle))
      for (let done = 0; done < bytes;) {
        const length = Math.min(pieceBytes, bytes - done);
        if (signal.aborted || length > room) return;
        const { bytesRead } = await handle.read(piece, 0, length, position + done);
        if (bytesRead === 0) return;
        done += bytesRead;
        room -= bytesRead;
      }
  } finally {
    await handle.close();
  }
}

/** The used inodes and the directories, in bytes, in the order of the disk; nothing for another file system. */
export async function* metadataOf(
  handle: FileHandle,
): AsyncGenerator<{ readonly position: number; readonly bytes: number }> {
  const layout = parseSuperblock(await bytesAt(handle, superblockPlace));
  if (layout === undefined) return;
  const { blockSize, groupsPerFlex, blocks } = layout;
  const all = parseGroups(layout, await bytesAt(handle, descriptorsPlace(layout)));
  for (let index = 0; index < all.length; index += groupsPerFlex) {
    const groups = all.slice(index, index + groupsPerFlex);
    const tables = groups.map(({ inodeTable: { first }, usedTable }) => ({ first, count: usedTable }));
    const ranges = together([...tables, ...(await directoriesIn(handle, layout, groups, index))], gapBytes / blockSize);
    for (const { first, count } of ranges)
      if (first + count <= blocks) yield { position: first * blockSize, bytes: count * blockSize };
  }
}

/**
 * The allocated blocks of the group that the kernel keeps for directories: the first one of a flexible group of at least
 * four. See EXT4_FLEX_SIZE_DIR_ALLOC_SCHEME in the kernel's source.
 */
async function directoriesIn(
  handle: FileHandle,
  { blockSize, blocksPerGroup, firstBlock, groupsPerFlex }: Ext4Layout,
  groups: readonly Ext4Group[],
  index: number,
): Promise<BlockRange[]> {
  const [group] = groups;
  const directories = groups.reduce((sum, one) => sum + one.directories, 0);
  if (group === undefined || groupsPerFlex < 4 || directories < fewDirectories || group.isBitmapUnused) return [];
  const bitmap = await bytesAt(handle, { position: group.blockBitmap * blockSize, size: blockSize });
  const start = firstBlock + index * blocksPerGroup;
  const found: BlockRange[] = [];
  const tables = new Map(groups.map(({ inodeTable: { first, count } }) => [first - start, count]));
  for (let bit = 0; bit < blocksPerGroup; bit += 1) {
    const table = tables.get(bit);
    if (table !== undefined) bit += table - 1;
    else if (((bitmap[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0) found.push({ first: start + bit, count: 1 });
  }
  return found.length > blocksPerDirectory * directories ? [] : found;
}

/** Sorted, and with gaps of that many blocks closed. */
function together(ranges: readonly BlockRange[], gap: number): BlockRange[] {
  const merged: { first: number; count: number }[] = [];
  for (const { first, count } of ranges.filter((range) => range.count > 0).sort((a, b) => a.first - b.first)) {
    const last = merged.at(-1);
    if (last && first <= last.first + last.count + gap) last.count = Math.max(last.count, first + count - last.first);
    else merged.push({ first, count });
  }
  return merged;
}

async function bytesAt(
  handle: FileHandle,
  { position, size }: { readonly position: number; readonly size: number },
): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, position);
  if (bytesRead < size) throw new Error('the device ends there');
  return buffer;
}

/** In bytes. */
async function freeMemory(): Promise<number> {
  const [, kib = '0'] = /^MemAvailable: +(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8')) ?? [];
  return Number(kib) * 1024;
}
