import { readdir } from 'node:fs/promises';
import { readHolders } from './block-devices.ts';
import { isOpen, mappingPath } from './luks.ts';
import { listMounts, type Mount } from './mounts.ts';

/**
 * What still keeps a disk from being taken out: its mapping, whatever holds one of its partitions, and mounts. What is
 * mounted in the machine's first mount namespace comes into that of the agent, which cannot see the first process.
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
  return [...new Set(holds)];
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
