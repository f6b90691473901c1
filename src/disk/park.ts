/**
 * Stops a disk that nobody uses, so that it is quiet when it is pulled out. The kernel does it (runtime power
 * management of its SCSI disk driver): it writes the disk's cache, sends START STOP UNIT, and starts the disk again
 * before the next access, whoever that is.
 */
import { readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { wholeDiskOf } from './measure.ts';
import { isThere } from '../system/is-there.ts';
import { pause } from '../system/pause.ts';

/** The task for extbackup-park@.service; its instance is the name of the USB device in sysfs, such as 2-1.4. */
export const parkTaskSchema = z.object({
  /** Kernel name of the whole disk, for example sda. */
  disk: z.string().regex(/^[a-z][a-z0-9]*$/),
  /** Also removes the USB device from the bus. */
  powerOff: z.boolean(),
});
export type ParkTask = z.infer<typeof parkTaskSchema>;

/**
 * `refused`: the bridge or the disk answered with an error, or the kernel has no such driver for it. `slow`: it did not
 * stop in time. `in-use`: something accesses it. `gone`: it left the bus although only to be parked.
 */
export const parkOutcomes = ['parked', 'powered-off', 'refused', 'slow', 'in-use', 'gone'] as const;
export type ParkOutcome = (typeof parkOutcomes)[number];

/** How long a disk may take to write its cache and stop. */
const limitMs = 15_000;
const lookEveryMs = 100;

/** Errors with which the kernel tells that it, or the disk, does not take a value. */
const refusals: readonly string[] = ['EINVAL', 'EIO', 'ENXIO', 'ENODEV', 'EOPNOTSUPP'];

/** About 24 days, the longest delay that the kernel takes: it never stops the disk on its own again. */
const neverMs = '2147483647';

/**
 * Parks one disk, and removes its USB device if the task says so. Checks only that the disk is on that device: the caller has
 * measured that nobody uses it.
 * @param usb name of the USB device in sysfs
 */
export async function parkDisk(
  { disk, powerOff }: ParkTask,
  usb: string,
  { sys = '/sys', waitMs = limitMs } = {},
): Promise<ParkOutcome> {
  const device = await realpath(join(sys, 'class/block', disk, 'device')).catch(() => undefined);
  const port = await realpath(join(sys, 'bus/usb/devices', usb)).catch(() => undefined);
  if (device === undefined || port === undefined || !device.startsWith(`${port}/`)) return 'gone';
  const driver = await stopSwitch(device);
  if (driver === undefined) return 'refused';
  const outcome = await stop(device, driver, waitMs);
  if (outcome !== 'parked' || !powerOff) return outcome;
  await writeFile(driver, '0'); // otherwise the kernel starts the disk again to take leave of it
  await writeFile(join(port, 'remove'), '1');
  return 'powered-off';
}

/** The attribute that makes the kernel stop a disk which it suspends; before Linux 6.6 it has another name. */
async function stopSwitch(device: string): Promise<string | undefined> {
  const [name] = await readdir(join(device, 'scsi_disk')).catch(() => []);
  if (name === undefined) return undefined;
  for (const attribute of ['manage_runtime_start_stop', 'manage_start_stop']) {
    const file = join(device, 'scsi_disk', name, attribute);
    if (await isThere(file)) return file;
  }
  return undefined;
}

async function stop(device: string, driver: string, waitMs: number): Promise<ParkOutcome> {
  const power = (attribute: string): string => join(device, 'power', attribute);
  const until = performance.now() + waitMs;
  try {
    await writeFile(driver, '1');
    await writeFile(power('autosuspend_delay_ms'), '0');
    await writeFile(power('control'), 'auto');
    for (;;) {
      const status = await statusOf(device);
      if (status === undefined) return 'gone';
      if (status === 'suspended') {
        await writeFile(power('autosuspend_delay_ms'), neverMs);
        return 'parked';
      }
      const isLate = performance.now() > until;
      // Not while it is being stopped: the kernel would let this write wait for that.
      if (status === 'error' || (isLate && status === 'active')) await writeFile(power('control'), 'on');
      if (isLate) await writeFile(power('autosuspend_delay_ms'), neverMs);
      if (status === 'error' || status === 'unsupported') return 'refused';
      if (isLate) return status === 'active' ? 'in-use' : 'slow';
      await pause(lookEveryMs, new AbortController().signal);
    }
  } catch (error) {
    if (!(await isThere(device))) return 'gone';
    const { code = '' } = error as NodeJS.ErrnoException;
    if (refusals.includes(code)) return 'refused';
    throw error; // a missing right is a fault of the unit, not of the disk
  }
}

const statusOf = async (device: string): Promise<string | undefined> =>
  readFile(join(device, 'power/runtime_status'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

/** Whether the disk with this LUKS volume is parked at this moment. Does not wake it. */
export async function isParked(luksUuid: string, sys = '/sys', dev = '/dev'): Promise<boolean> {
  const disk = await wholeDiskOf(luksUuid, { sys, dev, proc: '/proc' });
  return disk !== undefined && (await statusOf(join(sys, 'class/block', disk, 'device'))) === 'suspended';
}

/** The USB device that a disk belongs to, by its name in sysfs; undefined when it is on no USB device, or gone. */
export async function usbDeviceOf(disk: string, sys = '/sys'): Promise<string | undefined> {
  const place = await realpath(join(sys, 'class/block', disk)).catch(() => '');
  const names = place.split('/').filter((part) => /^\d+-\d+(\.\d+)*$/.test(part));
  return names.at(-1);
}

/** Whether a disk has rotating platters, as far as it tells: a bridge that says nothing counts as one that has. */
export async function isRotating(disk: string, sys = '/sys'): Promise<boolean> {
  const text = await readFile(join(sys, 'class/block', basename(disk), 'queue/rotational'), 'utf8').catch(() => '0');
  return text.trim() === '1';
}
