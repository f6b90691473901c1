/** Finds LUKS volumes that the kernel does not show, because it cannot use the partition table of their disk. */
import { open, type FileHandle } from 'node:fs/promises';

/** A LUKS header on a whole disk, without a partition of the kernel around it. */
export interface HiddenLuks {
  readonly luksUuid: string;
  /** Sector size of the partition table that leads to it, in bytes; undefined when no table does. */
  readonly tableSector: number | undefined;
  /** Size of the disk that the table was made for, in bytes, at least; undefined without such a table. */
  readonly tableBytes: number | undefined;
}

/** The place where a first partition usually begins, also where a new table was written over the old one. */
const usualStart = 1024 ** 2;
const sectorSizes = [512, 4096] as const;
const mostEntries = 128;
const longestReadMs = 5_000;

/**
 * Looks for GPT tables of both sector sizes, and for LUKS headers where they, or the usual start, say. Only reads.
 * @param path the whole disk
 * @returns undefined when there is none, or the disk does not answer within five seconds
 */
export async function findHiddenLuks(path: string): Promise<HiddenLuks | undefined> {
  let late: NodeJS.Timeout | undefined;
  const search = searchDisk(path).catch(() => undefined); // a disk that cannot be read shows nothing
  const limit = new Promise<undefined>((resolve) => {
    late = setTimeout(resolve, longestReadMs, undefined);
  });
  try {
    return await Promise.race([search, limit]);
  } finally {
    clearTimeout(late);
  }
}

async function searchDisk(path: string): Promise<HiddenLuks | undefined> {
  const disk = await open(path, 'r');
  try {
    for (const sector of sectorSizes) {
      const partitions = await readTable(disk, sector);
      for (const { start } of partitions) {
        const luksUuid = await uuidAt(disk, start);
        const tableBytes = Math.max(...partitions.map(({ end }) => end));
        if (luksUuid !== undefined) return { luksUuid, tableSector: sector, tableBytes };
      }
    }
    for (const start of [0, usualStart]) {
      const luksUuid = await uuidAt(disk, start);
      if (luksUuid !== undefined) return { luksUuid, tableSector: undefined, tableBytes: undefined };
    }
    return undefined;
  } finally {
    await disk.close();
  }
}

/** Partitions of a GPT, in bytes. Its checksums are not checked: the header that it leads to is the proof. */
async function readTable(disk: FileHandle, sector: number): Promise<{ start: number; end: number }[]> {
  const header = await readAt(disk, sector, 92);
  if (header === undefined || header.toString('latin1', 0, 8) !== 'EFI PART') return [];
  const at = Number(header.readBigUInt64LE(72)) * sector;
  const size = header.readUInt32LE(84);
  if (size < 128 || size > 4096) return [];
  const entries = await readAt(disk, at, Math.min(header.readUInt32LE(80), mostEntries) * size);
  if (entries === undefined) return [];
  return Array.from({ length: Math.floor(entries.length / size) }, (_, index) => {
    const entry = entries.subarray(index * size);
    const [first, last] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))];
    return { start: first * sector, end: (last + 1) * sector };
  }).filter(({ start }) => start > 0);
}

const magic = Buffer.from('LUKS\xba\xbe', 'latin1');

/** The UUID stands at the same place in LUKS1 and LUKS2. */
async function uuidAt(disk: FileHandle, start: number): Promise<string | undefined> {
  const header = await readAt(disk, start, 208);
  if (header === undefined || !header.subarray(0, magic.length).equals(magic)) return undefined;
  const uuid = header.toString('latin1', 168, 208).replace(/\0.*$/s, '');
  return /^[0-9a-f-]{36}$/i.test(uuid) ? uuid.toLowerCase() : undefined;
}

/** undefined behind the end of the disk. */
async function readAt(disk: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  if (!Number.isSafeInteger(position)) return undefined;
  const { bytesRead, buffer } = await disk.read(Buffer.alloc(length), 0, length, position);
  return bytesRead === length && length > 0 ? buffer : undefined;
}
