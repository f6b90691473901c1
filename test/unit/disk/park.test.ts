import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isParked, isRotating, parkDisk, usbDeviceOf } from '../../../src/disk/park.ts';

let sys: string;
/** The SCSI device in the tree. */
let device: string;
let kernel: NodeJS.Timeout | undefined;

beforeEach(async () => {
  sys = await mkdtemp(join(tmpdir(), 'park-'));
  const port = join(sys, 'devices/usb2/2-1/2-1.4');
  device = join(port, '2-1.4:1.0/host6/target6:0:0/6:0:0:0');
  for (const directory of ['power', 'scsi_disk/6:0:0:0', 'block/sdb/queue'])
    await mkdir(join(device, directory), { recursive: true });
  for (const directory of ['class/block', 'bus/usb/devices']) await mkdir(join(sys, directory), { recursive: true });
  await symlink(join(device, 'block/sdb'), join(sys, 'class/block/sdb'));
  await symlink(device, join(device, 'block/sdb/device'));
  await symlink(port, join(sys, 'bus/usb/devices/2-1.4'));
  await mkdir(join(sys, 'bus/usb/devices/2-9'));
  await writeFile(join(device, 'power/runtime_status'), 'active\n');
  await writeFile(join(device, 'scsi_disk/6:0:0:0/manage_runtime_start_stop'), '0\n');
  await writeFile(join(device, 'block/sdb/queue/rotational'), '1\n');
});
afterEach(async () => {
  clearInterval(kernel);
  await rm(sys, { recursive: true });
});

const attribute = (path: string): Promise<string> => readFile(join(device, path), 'utf8');
const park = (powerOff = false, usb = '2-1.4', waitMs = 400) =>
  parkDisk({ disk: 'sdb', powerOff }, usb, { sys, waitMs });

/** Acts like the kernel: an allowed suspend leads to this state. In one go, so that nothing of it comes after it was ended. */
function kernelLeadsTo(state: string): void {
  const power = (name: string): string => join(device, 'power', name);
  kernel = setInterval(() => {
    const read = (name: string): string => (existsSync(power(name)) ? readFileSync(power(name), 'utf8').trim() : '');
    if (read('control') !== 'auto' || read('autosuspend_delay_ms') !== '0') return;
    writeFileSync(power('next'), `${state}\n`);
    renameSync(power('next'), power('runtime_status')); // a reader sees a whole word
  }, 10);
}

describe('parking', () => {
  it('lets the kernel stop the disk once, and never again by itself', async () => {
    kernelLeadsTo('suspended');
    expect(await park()).toBe('parked');
    expect(await attribute('scsi_disk/6:0:0:0/manage_runtime_start_stop')).toBe('1');
    expect(await attribute('power/autosuspend_delay_ms')).toBe('2147483647');
  });

  it('removes the USB device afterwards if asked to, without starting the disk again', async () => {
    kernelLeadsTo('suspended');
    expect(await park(true)).toBe('powered-off');
    expect(await attribute('scsi_disk/6:0:0:0/manage_runtime_start_stop')).toBe('0');
    expect(await readFile(join(sys, 'bus/usb/devices/2-1.4/remove'), 'utf8')).toBe('1');
  });

  it('knows the older name of the attribute', async () => {
    await rm(join(device, 'scsi_disk/6:0:0:0/manage_runtime_start_stop'));
    await writeFile(join(device, 'scsi_disk/6:0:0:0/manage_start_stop'), '0\n');
    kernelLeadsTo('suspended');
    expect(await park()).toBe('parked');
    expect(await attribute('scsi_disk/6:0:0:0/manage_start_stop')).toBe('1');
  });

  it.each([
    ['error', 'refused'],
    ['unsupported', 'refused'],
    ['suspending', 'slow'],
    ['active', 'in-use'],
  ])('the state %s is told as %s, and nothing is removed', async (state, outcome) => {
    kernelLeadsTo(state);
    expect(await park(true)).toBe(outcome);
    await expect(readFile(join(sys, 'bus/usb/devices/2-1.4/remove'))).rejects.toThrow();
  });

  it('a refusal and a busy disk are left as they were; a stopping one is not touched', async () => {
    kernelLeadsTo('error');
    await park();
    expect(await attribute('power/control')).toBe('on');
    clearInterval(kernel);
    await writeFile(join(device, 'power/runtime_status'), 'active\n');
    kernelLeadsTo('suspending');
    await park();
    expect(await attribute('power/control')).toBe('auto');
  });

  it('a value that the kernel does not take is a refusal; any other error is a fault of the unit', async () => {
    const delay = join(device, 'power/autosuspend_delay_ms');
    await symlink('/proc/self/clear_refs', delay); // proc_pid_clear_refs(5): 0 is invalid
    expect(await park()).toBe('refused');
    await rm(delay);
    await mkdir(delay);
    await expect(park()).rejects.toThrow('EISDIR');
  });

  it('touches no disk of another device, and no disk without the driver', async () => {
    expect(await park(false, '2-9')).toBe('gone');
    expect(await park(false, '3-1')).toBe('gone');
    await rm(join(device, 'scsi_disk'), { recursive: true });
    expect(await park()).toBe('refused');
    await expect(attribute('power/control')).rejects.toThrow();
  });

  it('a disk that leaves the bus meanwhile is gone', async () => {
    setTimeout(() => void rm(device, { recursive: true }), 50);
    expect(await park()).toBe('gone');
  });
});

describe('looking', () => {
  it('finds the USB device of a disk, and whether it rotates', async () => {
    expect(await usbDeviceOf('sdb', sys)).toBe('2-1.4');
    expect(await usbDeviceOf('sdz', sys)).toBeUndefined();
    expect(await isRotating('sdb', sys)).toBe(true);
    await writeFile(join(device, 'block/sdb/queue/rotational'), '0\n');
    expect(await isRotating('sdb', sys)).toBe(false);
  });

  it('a disk is parked while the kernel says so', async () => {
    const dev = join(sys, 'dev');
    await mkdir(join(dev, 'disk/by-uuid'), { recursive: true });
    await writeFile(join(dev, 'sdb'), '');
    await symlink(join(dev, 'sdb'), join(dev, 'disk/by-uuid/uuid-1'));
    expect(await isParked('uuid-1', sys, dev)).toBe(false);
    await writeFile(join(device, 'power/runtime_status'), 'suspended\n');
    expect(await isParked('uuid-1', sys, dev)).toBe(true);
    expect(await isParked('uuid-2', sys, dev)).toBe(false);
  });
});
