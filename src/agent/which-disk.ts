/** Names the enrolled disk that a plugged disk must be, or may be, when its LUKS volume cannot be seen. */
import type { BlockDevice } from '../disk/block-devices.ts';
import type { HiddenLuks } from '../disk/hidden-luks.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { UsbSighting } from '../records/usb-sightings.ts';

/** Most space of a partition table and its gaps: a LUKS volume is at most this much smaller than its disk. */
const mostAround = 64 * 1024 ** 2;

/** What is known of a plugged disk. */
export interface Traces {
  /** undefined for a disk that did not become a block device. */
  readonly disk?: BlockDevice | undefined;
  readonly hidden?: HiddenLuks | undefined;
  /** Serial number of the USB device, and its port. */
  readonly usbSerial?: string | undefined;
  readonly port?: string | undefined;
}

/** Enrolled disks that it may be. */
export interface Likeness {
  /** The evidence; `LUKS header` is a proof, the others are hints. */
  readonly by: 'LUKS header' | 'serial number' | 'size' | 'size and USB port' | 'USB port';
  readonly records: readonly DriveRecord[];
}

/**
 * By the header if it is still there; then by the serial number of disk or case, unless several disks share it; then by
 * size and by the port where it was last plugged in.
 * @param records enrolled disks that are not plugged in
 * @param sightings by LUKS UUID
 */
export function whichItMayBe(
  { disk, hidden, usbSerial, port }: Traces,
  records: readonly DriveRecord[],
  sightings: ReadonlyMap<string, UsbSighting>,
): Likeness {
  const headers = records.filter(({ luksUuid }) => luksUuid === hidden?.luksUuid);
  if (headers.length > 0) return { by: 'LUKS header', records: headers };
  const serials = [disk?.serial, usbSerial].filter((serial) => serial != null);
  const same = records.filter(({ serial, luksUuid }) =>
    [serial, sightings.get(luksUuid)?.usbSerial].some((one) => one != null && serials.includes(one)),
  );
  if (same.length === 1) return { by: 'serial number', records: same };
  const isHere = ({ luksUuid }: DriveRecord): boolean => port !== undefined && sightings.get(luksUuid)?.port === port;
  const fitting = records.filter(
    ({ volumeBytes }) => disk !== undefined && volumeBytes !== undefined && isOfSize(disk, volumeBytes),
  );
  const fittingHere = fitting.filter(isHere);
  if (fitting.length > 1 && fittingHere.length === 1) return { by: 'size and USB port', records: fittingHere };
  if (fitting.length > 0) return { by: 'size', records: fitting };
  const lastHere = records.filter(isHere);
  return { by: 'USB port', records: lastHere.length === 1 ? lastHere : [] };
}

const isOfSize = ({ sizeBytes }: BlockDevice, volumeBytes: number): boolean =>
  sizeBytes >= volumeBytes && sizeBytes - volumeBytes <= mostAround;
