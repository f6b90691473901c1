import type { ExtbackupError } from '../errors.ts';
import { withDescendants, type BlockDevice } from '../disk/block-devices.ts';
import { mappingPath, mappingPrefix } from '../disk/luks.ts';
import { labelPattern, type DriveRecord } from '../records/drive-record.ts';
import type { FilesystemType } from '../disk/filesystem.ts';
import * as words from './candidate-words.ts';

/** Bytes. A smaller disk has no room for a LUKS header, a file system and any content. */
export const smallestDisk = 64 * 1024 * 1024;

/** The same for each file system; mkfs.xfs(8) and mkfs.btrfs(8) refuse smaller devices. */
const smallestFor: Record<FilesystemType, number> = {
  ext4: smallestDisk,
  btrfs: 160 * 1024 * 1024,
  xfs: 352 * 1024 * 1024,
};

/** The disk that the operator wants to prepare. */
export interface Wish {
  /** As typed, for messages. */
  readonly typed: string;
  /** The same after following links, for example /dev/sdb. */
  readonly device: string;
  readonly label: string;
  readonly filesystem: FilesystemType;
  /** The disk may be enrolled; its enrolment is then removed. */
  readonly replace: boolean;
}

/**
 * Finds the disk, and refuses disks that must not be erased. No option overrides a refusal, except `replace` for an
 * enrolled disk.
 * @param disks every block device of the machine
 * @param enrolled the registry
 * @throws UsageError, DriveError or BusyError
 */
export function chooseDisk(wish: Wish, disks: readonly BlockDevice[], enrolled: readonly DriveRecord[]): BlockDevice {
  const disk = disks.find(({ path, type }) => path === wish.device && type === 'disk');
  if (!disk) throw noWholeDisk(wish, disks);
  const refusal = inUse(wish.typed, disk) ?? unfit(wish, disk) ?? taken(wish, disk, enrolled);
  if (refusal) throw refusal;
  return disk;
}

/**
 * Refuses a label that cannot be written into the partition table, the LUKS header and the file system.
 * @throws UsageError
 */
export function checkLabel(label: string, filesystem: FilesystemType): void {
  if (!labelPattern.test(label)) throw words.badLabel(label);
  if (filesystem === 'xfs' && label.length > 12) throw words.labelTooLongForXfs(label);
}

/** Disks that could be prepared, for the message about a wrong name. */
export function possibleDisks(disks: readonly BlockDevice[]): readonly BlockDevice[] {
  return disks.filter(
    (disk) =>
      disk.type === 'disk' &&
      disk.transport === 'usb' &&
      !disk.readOnly &&
      disk.sizeBytes >= smallestDisk &&
      inUse(disk.path, disk) === undefined,
  );
}

function noWholeDisk({ typed, device }: Wish, disks: readonly BlockDevice[]): ExtbackupError {
  const possible = possibleDisks(disks);
  for (const disk of disks)
    for (const part of withDescendants(disk))
      if (part.path === device) return words.notADisk(typed, part, disk, possible);
  return words.noSuchDisk(typed, possible);
}

const systemPlaces = ['/', '/boot', '/boot/efi', '/usr', '/var', '/home', '/etc', '[SWAP]'];

/** A disk that is in use in any way is left alone. */
function inUse(typed: string, disk: BlockDevice): ExtbackupError | undefined {
  const parts = [...withDescendants(disk)];
  const mounts = parts.flatMap(({ mountpoints }) => mountpoints);
  const ours = parts.find(({ path }) => path.startsWith(mappingPath(mappingPrefix)));
  if (ours) return words.openedByUs(typed, ours.path);
  const system = mounts.find((mount) => systemPlaces.includes(mount));
  if (system !== undefined) return words.systemDisk(typed, system);
  if (mounts[0] !== undefined) return words.mounted(typed, mounts[0]);
  const holder = parts.find(({ type }) => type !== 'disk' && type !== 'part');
  return holder && words.inUseBy(typed, holder.path);
}

function unfit({ typed, filesystem }: Wish, disk: BlockDevice): ExtbackupError | undefined {
  if (disk.readOnly) return words.writeProtected(typed);
  const smallest = smallestFor[filesystem];
  return disk.sizeBytes < smallest ? words.tooSmall(typed, disk.sizeBytes, filesystem, smallest) : undefined;
}

function taken(
  { typed, label, replace }: Wish,
  disk: BlockDevice,
  enrolled: readonly DriveRecord[],
): ExtbackupError | undefined {
  const here = enrolledOn(disk, enrolled);
  if (here[0] && !replace) return words.enrolledAlready(typed, here[0].label);
  const isTaken = enrolled.some((record) => record.label === label && !here.includes(record));
  return isTaken ? words.labelTaken(label) : undefined;
}

/** Enrolled disks whose LUKS volume is on this disk. */
export function enrolledOn(disk: BlockDevice, enrolled: readonly DriveRecord[]): readonly DriveRecord[] {
  const uuids = new Set(
    [...withDescendants(disk)].flatMap(({ fstype, uuid }) => (fstype === 'crypto_LUKS' && uuid !== null ? [uuid] : [])),
  );
  return enrolled.filter(({ luksUuid }) => uuids.has(luksUuid));
}

/** Whether anything on the disk suggests that it has been used. */
export function looksUsed(disk: BlockDevice): boolean {
  return (
    disk.partitionTable !== null || [...withDescendants(disk)].some((part) => part !== disk || part.fstype !== null)
  );
}
