/** The words for a plugged disk whose LUKS volume cannot be seen: it may be a backup disk, and hold the last copy. */
import prettyBytes from 'pretty-bytes';
import type { EventMap } from '../bus/events.ts';
import { withDescendants, type BlockDevice } from '../disk/block-devices.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { UsbSighting } from '../records/usb-sightings.ts';
import { count } from '../text/wording.ts';
import { whichItMayBe, type Likeness, type Traces } from './which-disk.ts';

type Report = EventMap['drive:ignored'];

/** The enrolled disks, and where each was last plugged in. */
export interface KnownDisks {
  readonly records: readonly DriveRecord[];
  /** LUKS UUIDs of the volumes that are plugged in. */
  readonly plugged: ReadonlySet<string>;
  /** By LUKS UUID. */
  readonly sightings: ReadonlyMap<string, UsbSighting>;
}

/** A USB device that is plugged in: its port in sysfs, its serial number. */
export interface UsbDevice {
  readonly port: string | undefined;
  readonly usbSerial: string | undefined;
}

/** The disk of a USB device without a visible LUKS volume; undefined if it has one, or is a reader without a medium. */
export function withoutLuks(disks: readonly BlockDevice[]): BlockDevice | undefined {
  const [disk] = [...disks].sort((a, b) => b.sizeBytes - a.sizeBytes);
  if (disk === undefined || (disk.sizeBytes === 0 && disk.removable) || disks.some(hasLuks)) return undefined;
  return disk;
}

/** The report about a disk without a visible LUKS volume. */
export function foreignDisk(disk: BlockDevice, traces: Omit<Traces, 'disk'>, known: KnownDisks): Report {
  if (disk.sizeBytes === 0) return noBlockDevice({ port: traces.port, usbSerial: traces.usbSerial }, known, disk);
  const absent = absentOf(known);
  const likeness = whichItMayBe({ disk, ...traces }, absent, known.sightings);
  const [only] = likeness.records.length === 1 ? likeness.records : [];
  const is = `(${disk.kname}, ${prettyBytes(disk.sizeBytes)}, ${contentOf(disk)})`;
  const isProven = likeness.by === 'LUKS header' && only !== undefined;
  const what = isProven
    ? `Disk ${only.label} came up without its LUKS volume ${is}: ${reasonOf(disk, traces.hidden)} It was not touched.`
    : `A disk without a LUKS volume was plugged in ${is}. It was not touched.${guessOf(likeness, disk)}`;
  return {
    reason: 'no-luks',
    ...namesOf(traces.usbSerial, only),
    device: disk.kname,
    happened: what,
    todo: isProven ? headerAdvice(disk, traces.hidden) : adviceFor(likeness, absent, disk),
  };
}

/** The report about a USB disk that is connected, and cannot be read. */
export function noBlockDevice({ port, usbSerial }: UsbDevice, known: KnownDisks, disk?: BlockDevice): Report {
  const likeness = whichItMayBe({ disk, usbSerial, port }, absentOf(known), known.sightings);
  const how = disk === undefined ? 'did not come up' : `did not come up: it shows no medium (${disk.kname}, 0 bytes)`;
  return {
    reason: 'no-block-device',
    ...namesOf(usbSerial, likeness.records[0]),
    happened: `${usbName(usbSerial, likeness)} was connected but ${how}.`,
    todo: 'Check its cable and its power, and plug it in again, best at another port.',
  };
}

/** The report about a USB disk that the station's USB policy blocks. */
export function notAuthorized({ port, usbSerial }: UsbDevice & { readonly port: string }, known: KnownDisks): Report {
  const likeness = whichItMayBe({ usbSerial, port }, absentOf(known), known.sightings);
  return {
    reason: 'not-authorized',
    ...namesOf(usbSerial, likeness.records[0]),
    happened: `${usbName(usbSerial, likeness)} was plugged in, but the USB policy of this station blocks it. It was not touched.`,
    todo:
      `If it belongs here, allow it: echo 1 > /sys/bus/usb/devices/${port}/authorized ; ` +
      'with USBGuard: usbguard list-devices --blocked ; then: usbguard allow-device NUMBER',
  };
}

const absentOf = ({ records, plugged }: KnownDisks): DriveRecord[] =>
  records.filter(({ state, luksUuid }) => state !== 'retired' && !plugged.has(luksUuid));

const namesOf = (usbSerial: string | undefined, record: DriveRecord | undefined) => ({
  ...(usbSerial !== undefined && { usbSerial }),
  ...(record !== undefined && { drive: record.label }),
});

const labelsOf = ({ records }: Likeness): string => records.map(({ label }) => label).join(' or ');

function usbName(usbSerial: string | undefined, likeness: Likeness): string {
  const which = usbSerial === undefined ? 'A USB disk' : `The USB disk with serial number ${usbSerial}`;
  return likeness.records.length === 0 ? which : `${which}, by its ${likeness.by} perhaps ${labelsOf(likeness)},`;
}

function guessOf(likeness: Likeness, disk: BlockDevice): string {
  const [first] = likeness.records;
  if (first === undefined) return '';
  const least = first.volumeBytes ?? 0;
  const smaller =
    disk.sizeBytes < least
      ? ` It is smaller than that disk was: ${prettyBytes(disk.sizeBytes)} instead of ${prettyBytes(least)} or more.`
      : '';
  return ` By its ${likeness.by} it may be ${labelsOf(likeness)}, without its content.${smaller}`;
}

/** Never begins with preparing it: a disk that looks empty behind another case can hold the last copy. */
function adviceFor(likeness: Likeness, absent: readonly DriveRecord[], { path }: BlockDevice): string {
  if (likeness.records.length > 0)
    return (
      'Write nothing to it and do not format it: it may hold the last copy. Try it in its former case and at another ' +
      `port; if nothing helps, put it aside and bring another disk. What is on it: wipefs --no-act ${path}`
    );
  return absent.length === 0
    ? 'If it is to become a backup disk: extbackup drive prepare --help'
    : 'Write nothing to it before you know which disk it is. If it is new and empty, it can become a backup disk: ' +
        'extbackup drive prepare --help';
}

function reasonOf(disk: BlockDevice, hidden: Traces['hidden']): string {
  const { tableSector, tableBytes } = hidden ?? {};
  if (tableSector !== undefined && tableSector !== disk.sectorBytes)
    return (
      `this case or adapter shows sectors of ${disk.sectorBytes} bytes, and the disk was written with sectors of ` +
      `${tableSector} bytes. Its content is still there.`
    );
  if (tableBytes !== undefined && tableBytes > disk.sizeBytes)
    return (
      `it is smaller than when it was written: ${prettyBytes(disk.sizeBytes)} instead of ${prettyBytes(tableBytes)} ` +
      'or more. Some cases hide the end of a disk.'
    );
  return 'another system has changed its partition table, but its LUKS header is still there.';
}

function headerAdvice(disk: BlockDevice, hidden: Traces['hidden']): string {
  const isOfCase =
    hidden?.tableBytes !== undefined && (hidden.tableSector !== disk.sectorBytes || hidden.tableBytes > disk.sizeBytes);
  return isOfCase
    ? 'Write nothing to it and do not format it. Put the disk into the case in which it was prepared, and plug it in again.'
    : 'Write nothing to it and do not format it: much of its content may still be there. Put it aside and bring another disk.';
}

const hasLuks = (disk: BlockDevice): boolean =>
  [...withDescendants(disk)].some(({ fstype }) => fstype === 'crypto_LUKS');

/** The content that lsblk recognises, without names given by people. */
function contentOf(disk: BlockDevice): string {
  const parts = [...withDescendants(disk)].slice(1);
  const kinds = [disk.fstype, ...parts.map(({ fstype, partitionType }) => fstype ?? partitionType)];
  const known = [...new Set(kinds.filter((kind) => kind !== null))];
  const found = known.length === 0 ? 'nothing recognised' : known.join(', ');
  return parts.length === 0 ? found : `${count(parts.length, 'partition')}: ${found}`;
}
