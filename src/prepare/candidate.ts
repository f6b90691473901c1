import { BusyError, DriveError, UsageError, type ExtbackupError } from '../errors.ts';
import { withDescendants, type BlockDevice } from '../disk/block-devices.ts';
import { mappingPath, mappingPrefix } from '../disk/luks.ts';
import { labelPattern, type DriveRecord } from '../records/drive-record.ts';
import type { FilesystemType } from '../disk/filesystem.ts';

/** Smaller disks have no room for a LUKS header, a file system and anything to keep. */
export const smallestDisk = 64 * 1024 * 1024;

/** The same for each file system; xfs and btrfs refuse to be made on less. */
const smallestFor: Record<FilesystemType, number> = {
  ext4: smallestDisk,
  btrfs: 160 * 1024 * 1024,
  xfs: 352 * 1024 * 1024,
};

/** What somebody wants to make a rotation disk of. */
export interface Wish {
  /** As typed, for messages. */
  readonly typed: string;
  /** The same after following links, for example /dev/sdb. */
  readonly device: string;
  readonly label: string;
  readonly filesystem: FilesystemType;
  /** The disk may be an enrolled one, which is then forgotten. */
  readonly replace: boolean;
}

/**
 * Finds the disk and refuses whatever must not be erased. None of these refusals can be overridden, except the one
 * about an enrolled disk.
 * @param disks every block device of the machine
 * @param enrolled the ledger
 * @throws UsageError, DriveError or BusyError
 */
export function chooseDisk(wish: Wish, disks: readonly BlockDevice[], enrolled: readonly DriveRecord[]): BlockDevice {
  const disk = disks.find(({ path, type }) => path === wish.device && type === 'disk');
  if (!disk) throw noWholeDisk(wish, disks);
  const refusal = inUse(wish, disk) ?? unfit(wish, disk) ?? taken(wish, disk, enrolled);
  if (refusal) throw refusal;
  return disk;
}

/**
 * Refuses a label that cannot be written into the partition table, the LUKS header and the file system.
 * @throws UsageError
 */
export function checkLabel(label: string, filesystem: FilesystemType): void {
  if (!labelPattern.test(label)) {
    throw new UsageError(
      `"${printable(label)}" is no label for a disk.`,
      'Use 1 to 16 letters, digits, ".", "_" or "-", the first one a letter or digit, for example: --label BACKUP_1',
    );
  }
  if (filesystem === 'xfs' && label.length > 12) {
    throw new UsageError(
      `The label ${label} is too long: xfs takes 12 characters.`,
      'Choose a shorter one, or leave out --fs xfs.',
    );
  }
}

/** Disks that could be prepared, for the message about a wrong name. */
export function possibleDisks(disks: readonly BlockDevice[]): readonly BlockDevice[] {
  return disks.filter(
    (disk) =>
      disk.type === 'disk' &&
      disk.transport === 'usb' &&
      !disk.readOnly &&
      disk.sizeBytes >= smallestDisk &&
      inUse({ typed: disk.path }, disk) === undefined,
  );
}

function noWholeDisk({ typed, device }: Wish, disks: readonly BlockDevice[]): ExtbackupError {
  const names = possibleDisks(disks)
    .map(({ path, model }) => (model === null ? path : `${path} (${model})`))
    .join(', ');
  const todo =
    names === ''
      ? 'No USB disk is plugged in that could be prepared; see all with: lsblk'
      : `USB disks that are plugged in: ${names}`;
  for (const disk of disks) {
    for (const part of withDescendants(disk)) {
      if (part.path !== device) continue;
      return part.type === 'part'
        ? new DriveError(
            'EXB_NOT_A_DISK',
            `${typed} is a partition, and a disk is prepared as a whole.`,
            `If you mean the whole disk with everything on it, name it: ${disk.path}`,
          )
        : new DriveError('EXB_NOT_A_DISK', `${typed} is not a disk but of the type "${part.type}".`, todo);
    }
  }
  return new DriveError('EXB_NO_DEVICE', `There is no disk ${printable(typed)}.`, todo);
}

const systemPlaces = ['/', '/boot', '/boot/efi', '/usr', '/var', '/home', '/etc', '[SWAP]'];

/** Whoever holds the disk in any way keeps it. */
function inUse({ typed }: Pick<Wish, 'typed'>, disk: BlockDevice): ExtbackupError | undefined {
  const parts = [...withDescendants(disk)];
  const mounts = parts.flatMap(({ mountpoints }) => mountpoints);
  const ours = parts.find(({ path }) => path.startsWith(mappingPath(mappingPrefix)));
  if (ours)
    return new BusyError(
      `${typed} is an opened backup disk: ${ours.path}.`,
      'Wait for the run, or close it with: extbackup release',
    );
  const system = mounts.find((mount) => systemPlaces.includes(mount));
  if (system !== undefined) {
    const holds = system === '[SWAP]' ? 'swap space in use' : system;
    return new DriveError(
      'EXB_SYSTEM_DISK',
      `${typed} is a disk of this system: it holds ${holds}.`,
      'It cannot be prepared, whatever the options. Name the USB disk; see: lsblk',
    );
  }
  if (mounts[0] !== undefined)
    return new DriveError(
      'EXB_IN_USE',
      `${typed} is mounted at ${printable(mounts[0])}.`,
      'If it is the right disk, unmount it first; see: lsblk',
    );
  const holder = parts.find(({ type }) => type !== 'disk' && type !== 'part');
  if (holder) return inUseBy(typed, holder.path);
  return undefined;
}

/** The kernel keeps the disk open for something that lsblk cannot show, for example a btrfs or ZFS of several disks. */
export function inUseBy(typed: string, holder?: string): ExtbackupError {
  return new DriveError(
    'EXB_IN_USE',
    `${typed} is in use${holder === undefined ? ' by the kernel' : `: ${holder} stands on it`}.`,
    'If it is the right disk, close what uses it first (LVM, RAID, an opened volume); see: lsblk',
  );
}

function unfit({ typed, filesystem }: Wish, disk: BlockDevice): ExtbackupError | undefined {
  if (disk.readOnly)
    return new DriveError(
      'EXB_READ_ONLY',
      `${typed} can only be read.`,
      'Look for a write-protect switch, or use another disk.',
    );
  if (disk.sizeBytes < smallestFor[filesystem])
    return new DriveError(
      'EXB_TOO_SMALL',
      `${typed} is too small: it has ${mebibytes(disk.sizeBytes)}.`,
      `A backup disk with ${filesystem} needs ${mebibytes(smallestFor[filesystem])} at the very least, and room for the whole source. If the disk is bigger, check its adapter.`,
    );
  return undefined;
}

function taken(
  { typed, label, replace }: Wish,
  disk: BlockDevice,
  enrolled: readonly DriveRecord[],
): ExtbackupError | undefined {
  const here = enrolledOn(disk, enrolled);
  const first = here[0];
  if (first && !replace)
    return new DriveError(
      'EXB_ENROLLED',
      `${typed} is the enrolled disk ${first.label}; its backup would be lost.`,
      'Name another disk, or give up that copy with: --replace',
    );
  if (enrolled.some((record) => record.label === label && !here.includes(record))) {
    return new UsageError(
      `The label ${label} belongs to another enrolled disk.`,
      `Choose another one, or forget the old disk first: extbackup drive forget ${label}`,
    );
  }
  return undefined;
}

/** Enrolled disks that stand on this one. */
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

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MiB`;

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
