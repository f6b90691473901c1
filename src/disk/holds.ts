import { readdir } from 'node:fs/promises';
import { readHolders } from './block-devices.ts';
import { isHeldByKernel } from './kernel-hold.ts';
import { isOpen, mappingPath } from './luks.ts';
import { wholeDiskOf } from './measure.ts';
import { listMounts, type Mount } from './mounts.ts';
import { pause } from '../system/pause.ts';

/** Another program may probe the disk for this long. */
const claimPatienceMs = 2_000;

/**
 * The reasons why a disk must not be taken out yet: its mapping, holders of its partitions, mounts here and, if
 * visible, in the machine's first mount namespace, and any other use known to the kernel.
 * @param disk kernel name of the whole disk, for example sda; undefined when it is gone and only its mapping can be
 * left
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
 * Whether the disk, or a part of it, stays in use: a mount in any namespace, or a program that formats it. The agent does
 * not see the mounts of the first process, and nobody sees those of all processes.
 */
async function staysClaimed(disk: string): Promise<boolean> {
  const until = performance.now() + claimPatienceMs;
  while (await isClaimed(disk)) {
    if (performance.now() > until) return true;
    await pause(100, new AbortController().signal);
  }
  return false;
}

/** The same for the disk with this LUKS volume. */
export async function staysClaimedBySomebody(luksUuid: string): Promise<boolean> {
  const disk = await wholeDiskOf(luksUuid);
  return disk !== undefined && (await staysClaimed(disk));
}

/** A disk that is gone, or dead, is not in use. */
async function isClaimed(disk: string): Promise<boolean> {
  try {
    return await isHeldByKernel(`/dev/${disk}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENXIO', 'ENODEV', 'ENOMEDIUM', 'EIO'].includes(code ?? '')) return false;
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
