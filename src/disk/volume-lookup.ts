/** Lists the plugged volumes without starting lsblk(8) again while the kernel and udev have nothing new. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartProgram } from '../system/command.ts';
import { mappingPrefix } from './luks.ts';
import { findVolumes, type Volume } from './volumes.ts';

/** Looks up every LUKS volume of the machine. */
export type LookUpVolumes = () => Promise<readonly Volume[]>;

/** Directories of the kernel and of udev; tests have their own. */
export interface BlockTrees {
  readonly block: string;
  readonly udev: string;
}

const realTrees: BlockTrees = { block: '/sys/class/block', udev: '/run/udev/data' };

/**
 * The answer of lsblk comes from sysfs and from udev's database. It is used again as long as both have the same
 * devices, attaches, sizes and properties; each look reads them anew.
 */
export function createVolumeLookup(start: StartProgram, trees: BlockTrees = realTrees): LookUpVolumes {
  let last: { readonly state: string; readonly volumes: readonly Volume[] } | undefined;
  return async () => {
    const state = await stateOf(trees);
    if (state !== undefined && last?.state === state) return last.volumes;
    last = undefined;
    const volumes = await findVolumes(start);
    if (state !== undefined && (await stateOf(trees)) === state) last = { state, volumes };
    return volumes;
  };
}

/**
 * Everything that the answer depends on, as text. The mappings of extbackup are left out: their content belongs to the
 * disk below.
 * @returns undefined while udev does not know a device: lsblk looks at the device itself then
 */
async function stateOf({ block, udev }: BlockTrees): Promise<string | undefined> {
  const devices = await Promise.all(
    (await readdir(block)).sort().map(async (kname) => {
      const read = (file: string): Promise<string> => readOrNothing(join(block, kname, file));
      if (isPassedOver(await read('dm/name'))) return [];
      const [number, size, diskseq] = [await read('dev'), await read('size'), await read('diskseq')];
      if (Number(size) === 0) return [`${kname} ${diskseq}`];
      const known = await readOrNothing(join(udev, `b${number}`));
      return known === '' ? undefined : [`${kname} ${number} ${size} ${diskseq}`, ...known.split('\n').filter(isShown)];
    }),
  );
  return devices.includes(undefined) ? undefined : devices.flat().join('\n');
}

/** cryptsetup makes a mapping of its own for the moment in which it opens a keyslot. */
const isPassedOver = (mapping: string): boolean =>
  mapping.startsWith(mappingPrefix) || mapping.startsWith('temporary-cryptsetup-');

/** Properties that lsblk shows; the others change with events that are no news. */
const isShown = (line: string): boolean => line.startsWith('E:ID_');

async function readOrNothing(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return ''; // gone with its device, or a device without it
  }
}
