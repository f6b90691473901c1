import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * Whether the kernel itself holds a block device or one of its partitions: mounted anywhere, in any mount namespace,
 * swap, or a member of LVM, RAID, btrfs or ZFS. O_EXCL on a block device fails with EBUSY then; see open(2).
 * @throws what open(2) fails with otherwise, for example ENOENT or ENOMEDIUM
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

/** Whether the first MiB of a device holds anything but zeros: data that no program recognises is data too. */
export async function hasBytes(device: string): Promise<boolean> {
  const handle = await open(device, constants.O_RDONLY);
  try {
    const buffer = Buffer.alloc(1024 * 1024);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead).some((byte) => byte !== 0);
  } finally {
    await handle.close();
  }
}
