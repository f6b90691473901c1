import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A block device as the kernel shows it before anything is opened. */
export interface VolumeState {
  readonly bytes: number;
  /** A switch, a bridge, or a disk at the end of its life may not take anything any more. */
  readonly readOnly: boolean;
  /** Failed commands since the disk was plugged in; 0 where none are counted. */
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
    const errors = (await counter(place)) ?? (await counter(dirname(place))) ?? 0; // of a partition, the disk has it
    return { bytes: size * sectorBytes, readOnly: readOnly === '1', errors };
  } catch {
    return undefined;
  }
}
