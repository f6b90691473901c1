import { UsageError } from '../errors.ts';
import type { DriveRecord } from './drive-record.ts';

/**
 * The list with one more disk.
 * @throws UsageError when another process has used the label meanwhile
 */
export function enrol(drives: readonly DriveRecord[], fresh: DriveRecord): readonly DriveRecord[] {
  if (drives.some(({ label }) => label === fresh.label)) {
    throw new UsageError(`Meanwhile another disk was enrolled as ${fresh.label}.`, 'Do it again with another label.');
  }
  return [...drives, fresh];
}

/** The list without some disks. */
export function without(drives: readonly DriveRecord[], gone: readonly DriveRecord[]): readonly DriveRecord[] {
  const uuids = new Set(gone.map(({ luksUuid }) => luksUuid));
  return drives.filter(({ luksUuid }) => !uuids.has(luksUuid));
}
