import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseMountinfo, type Mount } from './mounts.ts';

/** The present users of a disk, as the kernel reports them. */
export interface DiskUse {
  /** Names of mappings on the disk, and kernel names of other holders such as md0. */
  readonly holders: readonly string[];
  /** Mount points of the disk, in every mount namespace that this process can read. */
  readonly mountpoints: readonly string[];
}

/** The kernel's virtual file systems; tests have a tree of their own. */
export interface KernelTrees {
  readonly sys: string;
  readonly proc: string;
  readonly dev: string;
}

const realTrees: KernelTrees = { sys: '/sys', proc: '/proc', dev: '/dev' };

/** Measures the users of a disk, by the UUID of its LUKS header. */
export type MeasureUse = (luksUuid: string) => Promise<DiskUse | undefined>;

/**
 * Measures the users of the disk with this LUKS volume, no matter which program opened it: mappings by their device-mapper UUID (which
 * names the LUKS header, even of an unplugged disk), holders and mounts of the disk and all its parts. Starts
 * no program, and opens no device, so it may be called at any time.
 * @returns undefined when the disk is not in use
 */
export async function measureUse(luksUuid: string, trees: KernelTrees = realTrees): Promise<DiskUse | undefined> {
  const block = join(trees.sys, 'class/block');
  const names = await list(block);
  const ours = await mappingsOf(block, names, luksUuid);
  const parts = new Set<string>(await partsOf(block, names, luksUuid, trees.dev));
  for (const mapping of ours) for (const slave of await list(join(block, mapping, 'slaves'))) parts.add(slave);
  const above = await everythingAbove(block, [...parts, ...ours]);
  for (const mapping of ours) above.add(mapping);
  const used = new Set([...parts, ...above]);
  if (used.size === 0) return undefined; // in the safe: no mount of it can exist
  const numbers = new Set(await Promise.all([...used].map((kname) => read(join(block, kname, 'dev')))));
  const mounts = (await mountsEverywhere(trees.proc)).filter(({ device }) => numbers.has(device));
  const holders = await Promise.all(
    [...above].map(async (kname) => (await read(join(block, kname, 'dm/name'))) ?? kname),
  );
  if (holders.length === 0 && mounts.length === 0) return undefined;
  return { holders: holders.sort(), mountpoints: [...new Set(mounts.map(({ mountpoint }) => mountpoint))].sort() };
}

/** Kernel name of the whole disk with this LUKS volume; undefined when it is not plugged in. */
export async function wholeDiskOf(
  luksUuid: string,
  { sys, dev }: KernelTrees = realTrees,
): Promise<string | undefined> {
  const block = join(sys, 'class/block');
  return (await partsOf(block, await list(block), luksUuid, dev))[0];
}

/** cryptsetup names a mapping CRYPT-LUKS2-<UUID of the header without hyphens>-<name>. */
async function mappingsOf(block: string, names: readonly string[], luksUuid: string): Promise<string[]> {
  const wanted = luksUuid.replaceAll('-', '').toLowerCase();
  if (wanted === '') return [];
  const found = await Promise.all(
    names
      .filter((name) => name.startsWith('dm-'))
      .map(async (name) => {
        const uuid = (await read(join(block, name, 'dm/uuid')))?.toLowerCase() ?? '';
        return /^crypt-luks[12]-/.test(uuid) && uuid.split('-')[2] === wanted ? [name] : [];
      }),
  );
  return found.flat();
}

/**
 * Kernel names of the disk and its partitions, the disk first; udev's link leads to the volume. None when the disk is
 * not there. A mapping over the volume shows the same UUID, and takes the link away: what is below it counts.
 */
async function partsOf(block: string, names: readonly string[], luksUuid: string, dev: string): Promise<string[]> {
  const volume = await realpath(join(dev, 'disk/by-uuid', luksUuid)).catch(() => undefined);
  if (volume === undefined) return [];
  const volumes = await bottomOf(block, basename(volume));
  return (await Promise.all(volumes.map((kname) => partsOfDisk(block, names, kname)))).flat();
}

/** The devices at the bottom: the device itself unless it is a mapping. */
async function bottomOf(block: string, kname: string): Promise<string[]> {
  const slaves = await list(join(block, kname, 'slaves'));
  if (slaves.length === 0) return [kname];
  return (await Promise.all(slaves.map((slave) => bottomOf(block, slave)))).flat();
}

async function partsOfDisk(block: string, names: readonly string[], kname: string): Promise<string[]> {
  const partitionsOf = async (disk: string): Promise<string[]> =>
    (await list(join(block, disk))).filter((name) => name.startsWith(disk));
  for (const disk of names.filter((name) => name !== kname && kname.startsWith(name))) {
    const partitions = await partitionsOf(disk);
    if (partitions.includes(kname)) return [disk, ...partitions];
  }
  return [kname, ...(await partitionsOf(kname))];
}

/** Holders, and the holders of those. */
async function everythingAbove(block: string, knames: readonly string[]): Promise<Set<string>> {
  const above = new Set<string>();
  let level = knames;
  while (level.length > 0) {
    const holders = (await Promise.all(level.map((kname) => list(join(block, kname, 'holders'))))).flat();
    level = holders.filter((holder) => !above.has(holder));
    for (const holder of level) above.add(holder);
  }
  return above;
}

/** The mounts of every mount namespace, each once. Processes that this one cannot read are left out. */
async function mountsEverywhere(proc: string): Promise<Mount[]> {
  const seen = new Set<string>();
  const mounts: Mount[] = [];
  for (const pid of (await list(proc)).filter((name) => /^\d+$/.test(name))) {
    const namespace = await readlink(join(proc, pid, 'ns/mnt')).catch(() => undefined);
    if (namespace === undefined || seen.has(namespace)) continue;
    const text = await read(join(proc, pid, 'mountinfo'));
    if (text === undefined) continue;
    seen.add(namespace);
    mounts.push(...parseMountinfo(text));
  }
  return mounts;
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return []; // gone with its device or process
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return undefined; // gone with its device or process
  }
}
