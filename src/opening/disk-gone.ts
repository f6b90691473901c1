import { join } from 'node:path';
import { ExtbackupError, PullError } from '../errors.ts';
import { listBlockDevices, withDescendants } from '../disk/block-devices.ts';
import { removalPatienceMs, staysThere } from '../disk/gone-soon.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { StartProgram } from '../system/command.ts';
import { isThere } from '../system/is-there.ts';

type Named = Pick<DriveRecord, 'label' | 'luksUuid'>;

/** How to look whether the disk is there. */
export interface Look {
  readonly signal?: AbortSignal;
  /** Time for the kernel to remove it, in milliseconds. */
  readonly patienceMs?: number;
  /** Whether the kernel still shows the device of this kernel name; tests have their own. */
  readonly shows?: (kname: string) => Promise<boolean>;
}

const shownByKernel = (kname: string): Promise<boolean> => isThere(join('/sys/class/block', kname));

/**
 * Measures whether a disk is still plugged in, after something has failed on it.
 * @throws PullError when it is not: that is a fault neither of the disk nor of the target
 */
export async function assertStillThere(
  start: StartProgram,
  { label, luksUuid }: Named,
  { signal = new AbortController().signal, patienceMs = removalPatienceMs, shows = shownByKernel }: Look = {},
): Promise<void> {
  const disks = await listBlockDevices(start).catch(() => undefined);
  if (disks === undefined) return; // nothing was measured
  const volume = disks.flatMap((disk) => [...withDescendants(disk)]).find(({ uuid }) => uuid === luksUuid);
  if (volume && (await staysThere(() => shows(volume.kname), signal, patienceMs))) return;
  if (signal.aborted) return;
  throw new PullError(
    'EXB_DISK_GONE',
    `Disk ${label} was unplugged while it was in use.`,
    'Plug it in again, and run the same command again; "restore" then takes --overwrite, too.',
  );
}

/**
 * The error after the closing of a disk that was pulled out while it was open.
 * @param written whether something may have been written to it meanwhile
 */
export const goneWhileOpen = (label: string, written: boolean): PullError =>
  new PullError(
    'EXB_DISK_GONE',
    `Disk ${label} was unplugged while it was open; what was left of it here is closed now. ` +
      (written
        ? 'What was written to it while it was open may be lost.'
        : 'It was open for reading only, so nothing on it was changed.'),
    written
      ? 'Plug it in again: its next run checks its file system and copies what is missing.'
      : 'Close a disk before you take it out: extbackup umount',
  );

/**
 * Does something with an open disk.
 * @throws PullError when it failed and the disk is gone; else what `work` throws
 */
export async function whileThere<T>(
  start: StartProgram,
  record: Named,
  signal: AbortSignal,
  work: () => Promise<T>,
  look: Look = {},
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const patience = mayComeFromDisk(error) ? look : { ...look, patienceMs: 0 };
    if (!signal.aborted) await assertStillThere(start, record, { ...patience, signal });
    throw error;
  }
}

/** A wrong argument, for example, is answered at once. */
const mayComeFromDisk = (error: unknown): boolean => !(error instanceof ExtbackupError) || error instanceof PullError;
