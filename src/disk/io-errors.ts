import { readFile } from 'node:fs/promises';

/**
 * How many commands to a disk have failed since it was plugged in, as the kernel's SCSI layer counts them: reads and
 * writes of any program. The kernel's log has more details, but the agent has no access to it.
 * @param disk kernel name of the whole disk, for example sda
 * @returns undefined when the disk is gone, or has no such counter
 */
export async function readIoErrors(disk: string): Promise<number | undefined> {
  try {
    const count = Number((await readFile(`/sys/class/block/${disk}/device/ioerr_cnt`, 'utf8')).trim()); // 0x1f
    return Number.isSafeInteger(count) ? count : undefined;
  } catch {
    return undefined;
  }
}
