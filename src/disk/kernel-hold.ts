import { constants } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * Whether the kernel itself holds a block device or one of its partitions: mounted anywhere, in any mount namespace,
 * swap, or a member of LVM, RAID, btrfs or ZFS. O_EXCL on a block device fails with EBUSY then; see open(2).
 * @throws any other error of open(2), for example ENOENT or ENOMEDIUM
 */
export async function isHeldByKernel(device: string): Promise<boolean> {
  try {
    const handle = await open(device, constants.O_RDONLY | constants.O_EXCL);
    await handle.close();
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return true;
    throw error;
  }
}

const pieceBytes = 64 * 1024;
const pieces = 64;

/**
 * Whether a device holds anything but zeros at its beginning, its end or some places between: data that no program
 * recognises is data too.
 */
export async function hasBytes(device: string): Promise<boolean> {
  const handle = await open(device, constants.O_RDONLY);
  try {
    const size = await sizeOf(handle, device);
    const places = [
      ...Array.from({ length: 16 }, (_, index) => index * pieceBytes),
      ...Array.from({ length: pieces }, (_, index) => Math.floor(((size - pieceBytes) * (index + 1)) / pieces)),
    ];
    for (const place of places) {
      const buffer = Buffer.alloc(pieceBytes);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, Math.max(0, place));
      if (buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) return true;
    }
    return false;
  } finally {
    await handle.close();
  }
}

/** stat(2) reports 0 for a block device; sysfs has its size in sectors of 512 bytes. */
async function sizeOf(handle: FileHandle, device: string): Promise<number> {
  const { size } = await handle.stat();
  return size > 0 ? size : Number(await readFile(`/sys/class/block/${basename(device)}/size`, 'utf8')) * 512;
}
