import { NotReleasedError } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { holdsOf } from './holds.ts';
import { mappingName, mappingPrefix } from './luks.ts';
import { measureUse, type MeasureUse } from './measure.ts';
import { releaseAll } from './release.ts';
import { findVolumes } from './volumes.ts';

/** The measurements that prove that a disk is closed; tests have their own. */
export interface ReleaseProof {
  readonly release: typeof releaseAll;
  readonly findVolumes: typeof findVolumes;
  readonly holdsOf: typeof holdsOf;
  readonly measure: MeasureUse;
}

const realProof: ReleaseProof = { release: releaseAll, findVolumes, holdsOf, measure: measureUse };

/** What was closed. */
export interface ReleasedDisks {
  /** Names of mappings. */
  readonly closed: readonly string[];
  /** Labels of those disks that are not plugged in any more: they were pulled out while they were open. */
  readonly gone: readonly string[];
}

/**
 * Closes every open disk of extbackup, and proves for each LUKS volume on USB, and for each enrolled disk,
 * that nothing holds it. A volume that a person opened under another name is not closed, but its disk must not be
 * called safe to unplug.
 * @throws NotReleasedError
 */
export async function releaseDisks(
  start: StartProgram,
  enrolled: readonly { readonly label: string; readonly luksUuid: string }[],
  proof: ReleaseProof = realProof,
): Promise<ReleasedDisks> {
  const { closed, left } = await proof.release(start);
  const leftovers = left.map(({ mapping }) => `LUKS is still open as ${mapping}`);
  const isOurs = (uuid: string): boolean => enrolled.some(({ luksUuid }) => luksUuid === uuid);
  const volumes = await proof.findVolumes(start);
  for (const { disk, usb, luksUuid } of volumes)
    if (usb || isOurs(luksUuid)) leftovers.push(...(await proof.holdsOf(disk, `${mappingPrefix}none`)));
  for (const { label, luksUuid } of enrolled) {
    const { holders = [], mountpoints = [] } = (await proof.measure(luksUuid)) ?? {};
    for (const holder of holders.filter((name) => !leftovers.some((words) => words.endsWith(` as ${name}`))))
      leftovers.push(`disk ${label} is open as ${holder}`);
    for (const mountpoint of mountpoints) leftovers.push(`it is mounted at ${mountpoint}`);
  }
  if (leftovers.length > 0) throw new NotReleasedError([...new Set(leftovers)]);
  const gone = enrolled.filter(
    ({ label, luksUuid }) =>
      closed.includes(mappingName(label)) && !volumes.some((volume) => volume.luksUuid === luksUuid),
  );
  return { closed, gone: gone.map(({ label }) => label) };
}
