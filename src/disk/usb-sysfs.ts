import { readFile, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

const devices = '/sys/bus/usb/devices';

/** Name of a USB device in sysfs: its bus, and the ports on the way to it, for example 2-1.4. */
export const sysfsName = (bus: number, ports: readonly number[]): string => `${bus}-${ports.join('.')}`;

/** Whether one of a device's interfaces is of class 08, mass storage (USB-IF class codes). */
export async function isMassStorage(name: string, waitMs = 2_000): Promise<boolean> {
  // The kernel announces a device before its set-up: its interfaces follow within milliseconds.
  for (const until = Date.now() + waitMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const classes = await interfaceClasses(name);
    if (classes.length > 0 || Date.now() > until) return classes.includes('08');
  }
}

async function interfaceClasses(name: string): Promise<string[]> {
  try {
    const interfaces = (await readdir(devices)).filter((entry) => entry.startsWith(`${name}:`));
    return await Promise.all(
      interfaces.map(async (entry) => (await readFile(join(devices, entry, 'bInterfaceClass'), 'utf8')).trim()),
    );
  } catch {
    return []; // it was unplugged meanwhile
  }
}

/** Kernel names of a USB device's block devices: whole disks, and their partitions. */
export async function disksOf(name: string): Promise<string[]> {
  const found: string[] = [];
  for (const kname of await readdir('/sys/class/block')) {
    try {
      if ((await realpath(join('/sys/class/block', kname))).includes(`/${name}/`)) found.push(kname);
    } catch {
      // went away meanwhile
    }
  }
  return found;
}
