/** Reports a plugged disk without a LUKS volume: it may be a backup disk whose content is gone. */
import prettyBytes from 'pretty-bytes';
import type { EventMap } from '../bus/events.ts';
import { withDescendants, type BlockDevice } from '../disk/block-devices.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { count } from '../text/wording.ts';

/** Most space of a partition table and its gaps: a LUKS volume is at most this much smaller than its disk. */
const mostAround = 64 * 1024 ** 2;

/**
 * The warning about the disks of one USB device.
 * @param disks whole disks of the device
 * @param records enrolled disks
 * @returns undefined when there is no warning: no medium, or a LUKS volume, which is judged elsewhere
 */
export function foreignDisk(
  disks: readonly BlockDevice[],
  records: readonly DriveRecord[],
  plugged: ReadonlySet<string>,
  usbSerial: string | undefined,
): EventMap['drive:ignored'] | undefined {
  const present = disks.filter(({ sizeBytes }) => sizeBytes > 0);
  const [disk] = present;
  if (disk === undefined || present.some(hasLuks)) return undefined;
  const { by, alike } = whichItMayBe(
    disk,
    records.filter(({ state, luksUuid }) => state !== 'retired' && !plugged.has(luksUuid)),
  );
  return {
    reason: 'no-luks',
    ...(usbSerial !== undefined && { usbSerial }),
    happened:
      `A disk without a LUKS volume was plugged in (${disk.kname}, ${prettyBytes(disk.sizeBytes)}, ${contentOf(disk)}). ` +
      `It was not touched.${alike.length === 0 ? '' : ` By its ${by} it may be ${alike.join(' or ')}, without its content.`}`,
    todo:
      alike.length === 0
        ? 'If it is to become a backup disk: extbackup drive prepare --help'
        : `Write nothing to it before you know which disk it is. If ${alike.join(' or ')} was overwritten, ` +
          'prepare it again: extbackup drive prepare --help',
  };
}

/** Enrolled disks that may be this one: by serial number, unless several USB cases share it; otherwise by size. */
function whichItMayBe(
  disk: BlockDevice,
  records: readonly DriveRecord[],
): { readonly by: string; readonly alike: string[] } {
  const same = records.filter(({ serial }) => serial !== undefined && serial === disk.serial);
  if (same.length === 1) return { by: 'serial number', alike: same.map(({ label }) => label) };
  const fitting = records.filter(({ volumeBytes }) => volumeBytes !== undefined && isOfSize(disk, volumeBytes));
  return { by: 'size', alike: fitting.map(({ label }) => label) };
}

const hasLuks = (disk: BlockDevice): boolean =>
  [...withDescendants(disk)].some(({ fstype }) => fstype === 'crypto_LUKS');

const isOfSize = ({ sizeBytes }: BlockDevice, volumeBytes: number): boolean =>
  sizeBytes >= volumeBytes && sizeBytes - volumeBytes <= mostAround;

/** The content that lsblk recognises, without names given by people. */
function contentOf(disk: BlockDevice): string {
  const parts = [...withDescendants(disk)].slice(1);
  const kinds = [disk, ...parts].flatMap(({ fstype }) => fstype ?? []);
  const found = kinds.length === 0 ? 'nothing recognised' : [...new Set(kinds)].join(', ');
  return parts.length === 0 ? found : `${count(parts.length, 'partition')}: ${found}`;
}
