import { BusyError, DriveError, type ExtbackupError } from '../errors.ts';
import { withDescendants, type BlockDevice } from '../disk/block-devices.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { outOfRotation } from '../records/out-of-rotation.ts';

/** A LUKS volume that is plugged in and closed. */
export interface FoundVolume {
  /** The whole disk. */
  readonly disk: BlockDevice;
  /** The disk itself, or its partition with LUKS. */
  readonly volume: BlockDevice;
  readonly luksUuid: string;
}

/**
 * Finds the LUKS volume for a device name: the device itself, or the only volume on that disk.
 * @param typed for messages
 * @throws DriveError when there is none, or several; BusyError when it is open
 */
export function volumeOfDevice(typed: string, device: string, disks: readonly BlockDevice[]): FoundVolume {
  for (const disk of disks) {
    const named = [...withDescendants(disk)].find(({ path }) => path === device);
    if (!named) continue;
    const volumes = [...withDescendants(named)].filter(isLuks);
    const [volume, second] = volumes;
    if (!volume)
      throw new DriveError(
        'EXB_NO_LUKS',
        `There is no LUKS volume on ${typed}.`,
        'Name another device; see: lsblk -f . A new disk is made with: extbackup drive prepare',
      );
    if (second)
      throw new DriveError(
        'EXB_NO_LUKS',
        `There are several LUKS volumes on ${typed}.`,
        `Name the one you mean: ${volumes.map(({ path }) => path).join(' or ')}`,
      );
    return closed({ disk, volume, luksUuid: volume.uuid ?? '' }, disks);
  }
  throw new DriveError(
    'EXB_NO_DEVICE',
    `There is no device ${typed.replace(/[^\x20-\x7e]/g, '?').slice(0, 80)}.`,
    'List the plugged disks: lsblk -f',
  );
}

/**
 * Finds an enrolled disk that is plugged in.
 * @throws DriveError when it is not, or when two disks carry its id; BusyError when it is open
 */
export function volumeOfRecord(record: DriveRecord, disks: readonly BlockDevice[]): FoundVolume {
  for (const disk of disks) {
    const volume = [...withDescendants(disk)].find((part) => isLuks(part) && part.uuid === record.luksUuid);
    if (volume) return closed({ disk, volume, luksUuid: record.luksUuid }, disks);
  }
  throw new DriveError('EXB_ABSENT', `Disk ${record.label} is not plugged in.`, 'Plug it in and try again.');
}

/**
 * The record for a label; without a label, the only enrolled disk that is plugged in.
 * @throws DriveError
 */
export function chooseRecord(
  label: string | undefined,
  records: readonly DriveRecord[],
  disks: readonly BlockDevice[],
): DriveRecord {
  if (label !== undefined)
    return notLost(records.find((record) => record.label === label) ?? refuse(unknownLabel(label, records)));
  const here = records.filter(({ luksUuid }) =>
    disks.some((disk) => [...withDescendants(disk)].some((part) => isLuks(part) && part.uuid === luksUuid)),
  );
  const [only, second] = here;
  if (!only)
    throw new DriveError('EXB_ABSENT', 'No enrolled disk is plugged in.', 'Plug one in; see: extbackup drive list');
  if (second)
    throw new DriveError(
      'EXB_AMBIGUOUS',
      `Several disks are plugged in: ${here.map((record) => record.label).join(', ')}.`,
      'Name one by its label.',
    );
  return notLost(only);
}

/** Refuses a lost disk: it may have been manipulated, and must be reported as found first. */
const notLost = (record: DriveRecord): DriveRecord =>
  record.state === 'lost' ? refuse(outOfRotation(record.label, 'lost')) : record;

/** The error for a label that is not enrolled. */
export function unknownLabel(label: string, records: readonly DriveRecord[]): ExtbackupError {
  const known = records.map((record) => record.label).join(', ');
  return new DriveError(
    'EXB_UNKNOWN_DRIVE',
    `No disk is enrolled as ${label.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)}.`,
    known === '' ? 'No disk is enrolled yet: extbackup drive prepare --help' : `Enrolled are: ${known}`,
  );
}

function closed(found: FoundVolume, disks: readonly BlockDevice[]): FoundVolume {
  const twins = disks
    .flatMap((disk) => [...withDescendants(disk)])
    .filter((part) => isLuks(part) && part.uuid === found.luksUuid);
  if (twins.length > 1) {
    const inUse = twins.find(({ children }) => children.length > 0);
    throw new DriveError(
      'EXB_DUPLICATE',
      `Two disks with one LUKS header are plugged in: ${twins.map(({ path }) => path).join(' and ')}; one ` +
        'is a copy of the other. Nothing was opened.',
      inUse === undefined
        ? 'Take both out and plug in the real one alone.'
        : `DO NOT UNPLUG ${inUse.path}: it is in use. When it is closed (see: extbackup status), take both out and ` +
            'plug in the real one alone.',
    );
  }
  const above = found.volume.children[0];
  if (above)
    throw new BusyError(
      `${found.volume.path} is open already, as ${above.path}.`,
      'Wait for the run, or close it with: extbackup release',
    );
  return found;
}

const isLuks = ({ fstype, uuid }: BlockDevice): boolean => fstype === 'crypto_LUKS' && uuid !== null;

function refuse(error: ExtbackupError): never {
  throw error;
}
