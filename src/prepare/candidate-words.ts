/** Reasons to refuse a disk: one function per refusal. `typed` is the name as the operator typed it. */
import { BusyError, DriveError, UsageError, type ExtbackupError } from '../errors.ts';
import type { BlockDevice } from '../disk/block-devices.ts';
import type { FilesystemType } from '../disk/filesystem.ts';

/** A label that does not fit into all its places. */
export const badLabel = (label: string): ExtbackupError =>
  new UsageError(
    `"${printable(label)}" cannot be the label of a disk.`,
    'Use 1 to 16 letters, digits, ".", "_" or "-", the first one a letter or digit, for example: --label BACKUP_1',
  );

export const labelTooLongForXfs = (label: string): ExtbackupError =>
  new UsageError(
    `The label ${label} is too long: xfs takes 12 characters.`,
    'Choose a shorter one, or leave out --fs xfs.',
  );

/** @param possible disks that could be prepared */
export const noSuchDisk = (typed: string, possible: readonly BlockDevice[]): ExtbackupError =>
  new DriveError('EXB_NO_DEVICE', `There is no disk ${printable(typed)}.`, whatThereIs(possible));

/** A partition, or a device of another type. */
export const notADisk = (
  typed: string,
  part: BlockDevice,
  disk: BlockDevice,
  possible: readonly BlockDevice[],
): ExtbackupError =>
  part.type === 'part'
    ? new DriveError(
        'EXB_NOT_A_DISK',
        `${typed} is a partition; only whole disks are prepared.`,
        `For the whole disk with everything on it, name: ${disk.path}`,
      )
    : new DriveError('EXB_NOT_A_DISK', `${typed} is not a disk: its type is "${part.type}".`, whatThereIs(possible));

function whatThereIs(possible: readonly BlockDevice[]): string {
  const names = possible.map(({ path, model }) => (model === null ? path : `${path} (${model})`));
  return names.length === 0
    ? 'No USB disk that could be prepared is plugged in; see all disks with: lsblk'
    : `USB disks that are plugged in: ${names.join(', ')}`;
}

/** @param mapping path of the opened LUKS volume */
export const openedByUs = (typed: string, mapping: string): ExtbackupError =>
  new BusyError(
    `${typed} is an opened backup disk: ${mapping}.`,
    'Wait for the run, or close it with: extbackup release',
  );

/** @param place mount point, or [SWAP] */
export const systemDisk = (typed: string, place: string): ExtbackupError =>
  new DriveError(
    'EXB_SYSTEM_DISK',
    `${typed} is a disk of this system: it holds ${place === '[SWAP]' ? 'swap space in use' : place}.`,
    'No option allows that. Name the USB disk; see: lsblk',
  );

export const mounted = (typed: string, mountpoint: string): ExtbackupError =>
  new DriveError(
    'EXB_IN_USE',
    `${typed} is mounted at ${printable(mountpoint)}.`,
    'If it is the right disk, unmount it first; see: lsblk',
  );

/**
 * Something has the disk open.
 * @param holder device on top of it; undefined when lsblk shows none, for example for btrfs or ZFS on several disks
 */
export const inUseBy = (typed: string, holder?: string): ExtbackupError =>
  new DriveError(
    'EXB_IN_USE',
    `${typed} is in use by ${holder ?? 'the kernel'}.`,
    'If it is the right disk, close its users first (LVM, RAID, an opened volume); see: lsblk',
  );

export const writeProtected = (typed: string): ExtbackupError =>
  new DriveError('EXB_READ_ONLY', `${typed} is read-only.`, 'Look for a write-protect switch, or use another disk.');

/** @param smallest bytes that the file system needs */
export const tooSmall = (typed: string, bytes: number, filesystem: FilesystemType, smallest: number): ExtbackupError =>
  new DriveError(
    'EXB_TOO_SMALL',
    `${typed} is too small: it has ${mebibytes(bytes)}.`,
    `A backup disk with ${filesystem} needs ${mebibytes(smallest)} at the very least, and room for the whole source. ` +
      'If the disk should be larger, check its USB adapter.',
  );

export const enrolledAlready = (typed: string, label: string): ExtbackupError =>
  new DriveError(
    'EXB_ENROLLED',
    `${typed} is the enrolled disk ${label}; its backup would be lost.`,
    'Name another disk, or give up that copy with: --replace',
  );

export const labelTaken = (label: string): ExtbackupError =>
  new UsageError(
    `The label ${label} belongs to another enrolled disk.`,
    `Choose another one, or forget the old disk first: extbackup drive forget ${label}`,
  );

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MiB`;

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
