import { NotReleasedError } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { holdsOf } from './holds.ts';
import { mappingPrefix } from './luks.ts';
import { releaseAll } from './release.ts';
import { findVolumes } from './volumes.ts';

/**
 * Closes every disk of ours that is open, and proves of each LUKS volume on USB that nothing holds it: one that a
 * person opened under another name is not ours to close, but its disk must not be called safe to unplug either.
 * @returns the mappings that were closed
 * @throws NotReleasedError
 */
export async function releaseDisks(start: StartProgram): Promise<readonly string[]> {
  const { closed, left } = await releaseAll(start);
  const leftovers = left.map(({ mapping }) => `LUKS is still open as ${mapping}`);
  for (const { disk, usb } of await findVolumes(start)) {
    if (usb) leftovers.push(...(await holdsOf(disk, `${mappingPrefix}none`)));
  }
  if (leftovers.length > 0) throw new NotReleasedError([...new Set(leftovers)]);
  return closed;
}
