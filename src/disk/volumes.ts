import { listBlockDevices, readDiskseq, type BlockDevice } from './block-devices.ts';
import type { StartProgram } from '../system/command.ts';

/** A plugged LUKS volume. */
export interface Volume {
  readonly luksUuid: string;
  /** For example /dev/sda1. */
  readonly device: `/dev/${string}`;
  readonly kname: string;
  /** Kernel name of the whole disk, for example sda. */
  readonly disk: string;
  /** Names this attach of the disk: a replug gets another. */
  readonly diskseq: number;
  readonly usb: boolean;
}

/** Looks up every LUKS volume of the machine. */
export async function findVolumes(start: StartProgram): Promise<Volume[]> {
  const disks = await listBlockDevices(start);
  const found = await Promise.all(disks.map(volumesOn));
  return found.flat();
}

/**
 * The LUKS volumes of a disk. A mapping over one, such as one of kpartx or multipath, shows the same header: it is no
 * second volume.
 */
export function luksVolumesOn(device: BlockDevice): BlockDevice[] {
  if (device.fstype !== 'crypto_LUKS' || device.uuid === null) return device.children.flatMap(luksVolumesOn);
  const isAgain = (above: BlockDevice): boolean => above.uuid === device.uuid;
  return [device, ...device.children.flatMap(luksVolumesOn).filter((above) => !isAgain(above))];
}

async function volumesOn(disk: BlockDevice): Promise<Volume[]> {
  const volumes = luksVolumesOn(disk);
  if (volumes.length === 0) return [];
  const diskseq = await readDiskseq(disk.kname);
  if (diskseq === undefined) return []; // unplugged meanwhile
  return volumes.map(({ uuid, path, kname }) => ({
    luksUuid: uuid ?? '',
    device: path,
    kname,
    disk: disk.kname,
    diskseq,
    usb: disk.transport === 'usb',
  }));
}
