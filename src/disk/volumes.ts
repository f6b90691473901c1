import { listBlockDevices, readDiskseq, withDescendants, type BlockDevice } from './block-devices.ts';
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

async function volumesOn(disk: BlockDevice): Promise<Volume[]> {
  const volumes = [...withDescendants(disk)].filter(({ fstype, uuid }) => fstype === 'crypto_LUKS' && uuid !== null);
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
