import { readFile, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

const devices = '/sys/bus/usb/devices';

/** USB-IF class code of mass storage. */
const massStorage = 8;

/** Name of a USB device in sysfs: its bus, and the ports on the way to it, for example 2-1.4. */
export const sysfsName = (bus: number, ports: readonly number[]): string => `${bus}-${ports.join('.')}`;

/** Whether one of a device's interfaces is mass storage; also known while the USB policy blocks the device. */
export async function isMassStorage(name: string, waitMs = 2_000): Promise<boolean> {
  // The kernel announces a device before its set-up: its interfaces follow within milliseconds.
  for (const until = performance.now() + waitMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const described = await readFile(join(devices, name, 'descriptors')).catch(() => Buffer.alloc(0));
    const classes = [...describedClasses(described), ...(await interfaceClasses(name))];
    if (classes.length > 0 || performance.now() > until) return classes.includes(massStorage);
  }
}

/**
 * Classes of the interfaces that a device describes (USB 2.0, 9.5 and 9.6.5).
 * @param descriptors the content of `descriptors` in sysfs
 */
export function describedClasses(descriptors: Buffer): number[] {
  const found: number[] = [];
  let at = 0;
  while (at + 5 < descriptors.length) {
    const [length = 0, type = 0] = descriptors.subarray(at, at + 2);
    if (length < 2) break;
    if (type === interfaceType) found.push(descriptors.readUInt8(at + 5));
    at += length;
  }
  return found;
}

const interfaceType = 4;

async function interfaceClasses(name: string): Promise<number[]> {
  try {
    const interfaces = (await readdir(devices)).filter((entry) => entry.startsWith(`${name}:`));
    return await Promise.all(
      interfaces.map(async (entry) => parseInt(await readFile(join(devices, entry, 'bInterfaceClass'), 'utf8'), 16)),
    );
  } catch {
    return []; // it was unplugged meanwhile
  }
}

/** Names of all USB devices that are plugged in; empty on a machine without USB. */
export async function usbDevices(): Promise<string[]> {
  const names = await readdir(devices).catch(() => []);
  return names.filter((name) => /^\d+-[\d.]+$/.test(name));
}

/** False while the station's USB policy blocks the device. A device that is gone counts as allowed. */
export const isAuthorized = async (name: string): Promise<boolean> => (await attribute(name, 'authorized')) !== '0';

/** Serial number of a USB device. */
export const usbSerialOf = (name: string): Promise<string | undefined> => attribute(name, 'serial');

/** Changes each time that something is plugged into the port. */
export const usbNumberOf = (name: string): Promise<string | undefined> => attribute(name, 'devnum');

/** The USB device of a block device, for example 2-1.4; undefined for a disk that is not on USB. */
export async function usbDeviceOf(kname: string): Promise<string | undefined> {
  const path = await realpath(join('/sys/class/block', kname)).catch(() => '');
  return path.split('/').findLast((part) => /^\d+-[\d.]+$/.test(part));
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

async function attribute(name: string, which: string): Promise<string | undefined> {
  try {
    return (await readFile(join(devices, name, which), 'utf8')).trim();
  } catch {
    return undefined; // it has none, or it was unplugged meanwhile
  }
}
