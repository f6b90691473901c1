import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { GuestImage } from './image/guest-image.ts';
import { machineArguments, type MachineDisks } from './machine.ts';
import { processors } from './processor.ts';
import { UsbDisk, type DiskOptions } from './usb-disk.ts';

/** Number of states to keep of one image; each takes about a gigabyte. */
const keptStates = 6;

/** In a state's directory: the USB disks that lie in the drawer, as {@link DiskOptions}. */
const drawerList = 'drawer.json';

/** A paused machine in the cache: its two disks, that of the station with a snapshot of the memory, and the USB disks. */
export class SavedState {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** The place of a state. `key` names the preparation; a state fits only an equal machine and QEMU. */
  static async of(image: GuestImage, key: string): Promise<SavedState> {
    const { stdout: version } = await execa(processors[image.architecture].qemu, ['--version']);
    const machine = JSON.stringify([version, await machineArguments(image), drawerList, key]);
    return new SavedState(
      join(image.directory, 'states', createHash('sha256').update(machine).digest('hex').slice(0, 16)),
    );
  }

  get exists(): boolean {
    return existsSync(this.#directory);
  }

  /** Copies the disks of the state for a machine, which may change the copies. */
  async copyTo(disks: MachineDisks): Promise<void> {
    await utimes(this.#directory, new Date(), new Date());
    await copyDisks(disksIn(this.#directory), disks);
  }

  /** Copies the USB disks of the state into a lab's directory. */
  async drawerIn(directory: string): Promise<UsbDisk[]> {
    const drawer = JSON.parse(await readFile(join(this.#directory, drawerList), 'utf8')) as DiskOptions[];
    return Promise.all(drawer.map((options) => new UsbDisk(this.#directory, options).copyTo(directory)));
  }

  /** Saves a copy of the disks of a paused machine, and of its USB disks. Removes the states that were unused longest. */
  async keep(disks: MachineDisks, drawer: readonly UsbDisk[]): Promise<void> {
    const parent = join(this.#directory, '..');
    await mkdir(parent, { recursive: true });
    const partial = await mkdtemp(join(parent, 'partial-'));
    await copyDisks(disks, disksIn(partial));
    for (const disk of drawer) await disk.copyTo(partial);
    await writeFile(join(partial, drawerList), JSON.stringify(drawer.map(({ options }) => options)));
    await rename(partial, this.#directory).catch(async (error: unknown) => {
      if (!this.exists) throw error;
      await rm(partial, { recursive: true, force: true }); // another process saved the same state first
    });
    const others = (await readdir(parent))
      .filter((name) => name !== basename(this.#directory))
      .map((name) => join(parent, name));
    const byAge = await Promise.all(others.map(async (path) => ({ path, used: (await stat(path)).mtimeMs })));
    byAge.sort((a, b) => b.used - a.used);
    for (const { path } of byAge.slice(keptStates - 1)) await rm(path, { recursive: true, force: true });
  }
}

/** Paths of a machine's disks in a directory. */
export function disksIn(directory: string): MachineDisks {
  return { station: join(directory, 'station.qcow2'), server: join(directory, 'server.qcow2') };
}

async function copyDisks(from: MachineDisks, to: MachineDisks): Promise<void> {
  for (const name of ['station', 'server'] as const) await copyFile(from[name], to[name], constants.COPYFILE_FICLONE);
}
