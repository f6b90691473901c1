import { copyFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** Properties of a new disk. */
export interface DiskOptions {
  /** The serial number for udev: letters, digits, underscores. */
  readonly name: string;
  readonly sizeMb: number;
  /** Speed limit, so that the disk can be unplugged during a write. Bytes per second. */
  readonly bytesPerSecond?: number;
  /** Logical sector size in bytes, which depends on the case. Default: 512. */
  readonly sectorBytes?: number;
}

/** A broken disk answers with an input/output error. */
export interface Fault {
  readonly on: 'read' | 'write' | 'flush';
  /** The only bad 512-byte sector. Default: all sectors are bad. */
  readonly sector?: number;
}

/** A USB disk of the lab: a qcow2 file here, `/dev/sdX` in the guest while it is plugged in. Snapshots do not restore its content. */
export class UsbDisk {
  readonly serial: string;
  readonly file: string;
  readonly options: DiskOptions;
  /** Its stable name in the guest while it is plugged in. */
  readonly path: string;

  /** The disk whose file is in this directory. */
  constructor(directory: string, options: DiskOptions) {
    this.options = options;
    this.serial = options.name;
    this.file = join(directory, `${options.name}.qcow2`);
    this.path = `/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_${options.name}-0:0`;
  }

  /** An empty disk. */
  static async create(directory: string, options: DiskOptions): Promise<UsbDisk> {
    const disk = new UsbDisk(directory, options);
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', disk.file, `${String(options.sizeMb)}M`]);
    return disk;
  }

  /** A second disk with the same content, made while this one is not plugged in. */
  clone(name: string, more: Partial<DiskOptions> = {}): Promise<UsbDisk> {
    return this.copyTo(join(this.file, '..'), name, more);
  }

  /** Cuts the end off, while it is not plugged in. */
  async cutTo(sizeMb: number): Promise<void> {
    await execa('qemu-img', ['resize', '-q', '--shrink', '-f', 'qcow2', this.file, `${String(sizeMb)}M`]);
  }

  /** A copy in another directory, made while this one is not plugged in. */
  async copyTo(directory: string, name = this.serial, more: Partial<DiskOptions> = {}): Promise<UsbDisk> {
    const copy = new UsbDisk(directory, { ...this.options, ...more, name });
    await copyFile(this.file, copy.file, constants.COPYFILE_FICLONE);
    return copy;
  }
}
