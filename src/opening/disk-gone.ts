import { PullError } from '../errors.ts';
import { listBlockDevices, withDescendants } from '../disk/block-devices.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { StartProgram } from '../system/command.ts';

type Named = Pick<DriveRecord, 'label' | 'luksUuid'>;

/**
 * Measures whether a disk is still plugged in, after something has failed on it.
 * @throws PullError when it is not: that is a fault neither of the disk nor of the target
 */
export async function assertStillThere(start: StartProgram, { label, luksUuid }: Named): Promise<void> {
  const disks = await listBlockDevices(start).catch(() => undefined);
  if (disks === undefined) return; // nothing was measured
  if (disks.some((disk) => [...withDescendants(disk)].some(({ uuid }) => uuid === luksUuid))) return;
  throw new PullError(
    'EXB_DISK_GONE',
    `Disk ${label} was unplugged while it was in use.`,
    'Plug it in again, and run the same command again; "restore" then takes --overwrite, too.',
  );
}

/**
 * Does something with an open disk.
 * @throws PullError when it failed and the disk is gone; else what `work` throws
 */
export async function whileThere<T>(
  start: StartProgram,
  record: Named,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) await assertStillThere(start, record);
    throw error;
  }
}
