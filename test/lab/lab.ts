import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { BackupServer } from './backup-server.ts';
import { Guest } from './guest.ts';
import { findOrBuildImage } from './image/guest-image.ts';
import { UsbDisk, type DiskOptions } from './usb-disk.ts';
import { makeWorkDirectory } from './work-directory.ts';

/** A real Debian machine with USB sockets, a backup server that it can reach, and a drawer of USB disks. */
export interface Lab {
  readonly guest: Guest;
  readonly server: BackupServer;
  /** Takes a new, empty disk out of the drawer. */
  newDisk(options: DiskOptions): Promise<UsbDisk>;
  /** Switches everything off and throws it away. */
  close(): Promise<void>;
}

/** Opens a lab with a freshly booted machine. The first time on a computer this builds the guest image, which takes minutes. */
export async function openLab(): Promise<Lab> {
  const image = await findOrBuildImage();
  const directory = await makeWorkDirectory();
  const disks = { station: join(directory, 'station.qcow2'), server: join(directory, 'server.qcow2') };
  await overlay(image.stationDisk, disks.station);
  await overlay(image.serverDisk, disks.server);
  const guest = new Guest(image, disks, directory);
  const lab: Lab = {
    guest,
    server: new BackupServer(guest),
    newDisk: (options) => UsbDisk.create(directory, options),
    close: async () => {
      await guest.powerCut();
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await guest.boot();
    await guest.waitFor('the backup server', 'ssh-keyscan -t ed25519 -T 2 backup 2>/dev/null | grep -q .', 120_000);
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}

async function overlay(base: string, file: string): Promise<void> {
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, file]);
}
