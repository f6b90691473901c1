import { rm } from 'node:fs/promises';
import { execa } from 'execa';
import type { Architecture } from '../../debian/architecture.ts';
import { BackupServer } from './backup-server.ts';
import { Guest } from './guest.ts';
import { findOrBuildImage, type GuestImage } from './image/guest-image.ts';
import type { MachineDisks } from './machine.ts';
import { disksIn, SavedState } from './saved-state.ts';
import { UsbDisk, type DiskOptions } from './usb-disk.ts';
import { makeWorkDirectory } from './work-directory.ts';

/** A real Debian machine with USB ports, a backup server that it can reach, and a drawer of USB disks. */
export interface Lab {
  readonly guest: Guest;
  readonly server: BackupServer;
  /** The disks that the preparation made; none is plugged in. */
  readonly drawer: readonly UsbDisk[];
  /** Makes a new, empty disk. */
  newDisk(options: DiskOptions): Promise<UsbDisk>;
  /** Switches everything off and deletes it. */
  close(): Promise<void>;
}

/** Steps that are done once in a fresh lab; later labs start from the saved result. */
export interface Preparation {
  /** Names the result. It must change with everything that changes the result, such as the installed package. */
  readonly key: string;
  /** The preparation whose result this one goes on from; without it, a machine that has just been booted. */
  readonly from?: Preparation;
  /** Returns the disks to save with the result, those of `from` included; none may be plugged in. */
  prepare(lab: Lab): Promise<readonly UsbDisk[]>;
}

/** A machine that differs from the usual one. It has saved states of its own. */
export interface MachineWishes {
  /** Further arguments of QEMU. */
  readonly devices?: readonly string[];
  /** Default: amd64. */
  readonly architecture?: Architecture;
}

/**
 * Opens a lab with a running machine, in a few seconds, from a saved state.
 * The first time on a computer it builds the guest image, which takes minutes, boots it and saves the state.
 */
export async function openLab(
  preparation?: Preparation,
  { devices = [], architecture = 'amd64' }: MachineWishes = {},
): Promise<Lab> {
  const image = { ...(await findOrBuildImage(architecture)), devices };
  const directory = await makeWorkDirectory();
  const disks = disksIn(directory);
  const guest = new Guest(image, disks, directory);
  let drawer: readonly UsbDisk[] = [];
  const lab: Lab = {
    guest,
    get drawer() {
      return drawer;
    },
    server: new BackupServer(guest),
    newDisk: (options) => UsbDisk.create(directory, options),
    close: async () => {
      await guest.powerCut();
      await rm(directory, { recursive: true, force: true });
    },
  };
  /** Starts the lab from the saved result; if there is none, from what that is made of, and saves it. */
  const bringTo = async (wanted: Preparation | undefined): Promise<void> => {
    const state = await SavedState.of(image, wanted?.key ?? 'booted');
    if (state.exists) {
      drawer = await state.drawerIn(directory);
      await guest.wakeFrom(state);
      return;
    }
    if (wanted) {
      await bringTo(wanted.from);
      drawer = await wanted.prepare(lab);
    } else await bootCold(lab, disks, image);
    await guest.saveTo(state, drawer);
  };
  try {
    await bringTo(preparation);
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}

async function bootCold({ guest }: Lab, disks: MachineDisks, image: GuestImage): Promise<void> {
  await overlay(image.stationDisk, disks.station);
  await overlay(image.serverDisk, disks.server);
  await guest.boot();
  await guest.waitFor('the start of all services', '[ "$(systemctl is-system-running)" = running ]', 120_000);
  await guest.waitFor('the backup server', 'ssh-keyscan -t ed25519 -T 2 backup 2>/dev/null | grep -q .', 60_000);
}

async function overlay(base: string, file: string): Promise<void> {
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, file]);
}
