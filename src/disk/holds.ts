import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { readHolders } from './block-devices.ts';
import { isOpen, mappingPath } from './luks.ts';
import { listMounts, type Mount } from './mounts.ts';
import { pause } from '../system/pause.ts';

/** For how long somebody may just be looking. */
const claimPatienceMs = 2_000;

/**
 * What still keeps a disk from being taken out: its mapping, whatever holds one of its partitions, mounts, here and,
 * where that can be seen, in the machine's first mount namespace, and any other use that the kernel knows of.
 * @param disk kernel name of the whole disk, for example sda; undefined when it is gone and only its mapping can be left
 */
export async function holdsOf(disk: string | undefined, mapping: string): Promise<string[]> {
  const holds: string[] = [];
  if (await isOpen(mapping)) holds.push(`LUKS is still open as ${mapping}`);
  const volumes = disk === undefined ? [] : [disk, ...(await partitionsOf(disk))];
  for (const kname of volumes) {
    for (const holder of await readHolders(kname)) holds.push(`${kname} is held by ${holder}`);
  }
  const devices = new Set([...volumes.map((kname) => `/dev/${kname}`), mappingPath(mapping)]);
  for (const mount of [...(await listMounts()), ...(await mountsOfFirst())]) {
    if (devices.has(mount.source)) holds.push(`it is mounted at ${mount.mountpoint}`);
  }
  if (holds.length === 0 && disk !== undefined && (await staysClaimed(disk))) holds.push(`${disk} is in use`);
  return [...new Set(holds)];
}

/**
 * Whether the kernel has given the disk, or a part of it, to somebody: a mount in any namespace, a program that formats
 * it. The agent cannot see the mounts of the first process, nor anybody those of all.
 * @see open(2), O_EXCL with a block device
 */
async function staysClaimed(disk: string): Promise<boolean> {
  const until = Date.now() + claimPatienceMs;
  while (await isClaimed(disk)) {
    if (Date.now() > until) return true;
    await pause(100, new AbortController().signal);
  }
  return false;
}

async function isClaimed(disk: string): Promise<boolean> {
  try {
    await (await open(`/dev/${disk}`, constants.O_RDONLY | constants.O_EXCL)).close();
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EBUSY') return true;
    if (code === 'ENOENT' || code === 'ENXIO' || code === 'ENODEV' || code === 'ENOMEDIUM' || code === 'EIO')
      return false; // it is gone, or dead: nobody can have it
    throw error;
  }
}

async function mountsOfFirst(): Promise<readonly Mount[]> {
  try {
    return await listMounts(1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function partitionsOf(disk: string): Promise<string[]> {
  try {
    return (await readdir(`/sys/class/block/${disk}`)).filter((name) => name.startsWith(disk));
  } catch {
    return []; // the disk is gone
  }
}
