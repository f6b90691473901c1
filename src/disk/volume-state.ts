import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The kernel's facts about a block device, before it is opened. */
export interface VolumeState {
  readonly bytes: number;
  /** Read-only: by a switch, by a bridge, or because the disk is at the end of its life. */
  readonly readOnly: boolean;
  /** Failed commands since the disk was plugged in; 0 without a counter. */
  readonly errors: number;
}

/** Of `size` in sysfs, whatever the disk's own sectors are. */
const sectorBytes = 512;

/** @returns undefined when the device is gone, or is none */
export async function readVolume(device: string): Promise<VolumeState | undefined> {
  try {
    const place = await realpath(`/sys/class/block/${basename(await realpath(device))}`);
    const read = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim();
    const [size, readOnly] = [Number(await read(join(place, 'size'))), await read(join(place, 'ro'))];
    const counter = async (directory: string): Promise<number | undefined> =>
      read(join(directory, 'device/ioerr_cnt')).then(Number, () => undefined); // 0x1f
    const errors = (await counter(place)) ?? (await counter(dirname(place))) ?? 0; // for a partition, the disk has the counter
    return { bytes: size * sectorBytes, readOnly: readOnly === '1', errors };
  } catch {
    return undefined;
  }
}
