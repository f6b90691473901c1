import { dirname } from 'node:path';
import type { StartProgram } from '../system/command.ts';
import { listBlockDevices, withDescendants } from './block-devices.ts';
import { listMounts } from './mounts.ts';
import { isThere } from '../system/is-there.ts';

/** Whether a directory, or the first of its parents that exists, lies on a disk of this machine that is not on USB. */
export async function isOnOwnDisk(start: StartProgram, directory: string): Promise<boolean> {
  let here = directory;
  while (!(await isThere(here)) && here !== dirname(here)) here = dirname(here);
  const mounts = await listMounts();
  const mount = mounts
    .filter(({ mountpoint }) => here === mountpoint || here.startsWith(mountpoint === '/' ? '/' : `${mountpoint}/`))
    .reduce((longest, next) => (next.mountpoint.length >= longest.mountpoint.length ? next : longest), {
      mountpoint: '',
      source: '',
      fstype: '',
    });
  // tmpfs, nfs and the like are on no disk of this machine
  if (!mount.source.startsWith('/dev/')) return mount.fstype === 'overlay' || mount.fstype === 'zfs';
  const disk = (await listBlockDevices(start)).find((candidate) =>
    [...withDescendants(candidate)].some(({ mountpoints }) => mountpoints.includes(mount.mountpoint)),
  );
  return disk?.transport !== 'usb';
}
