import { isPending, type PreviousKeys } from '../keys/previous-keys.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { Block, Section } from './sheet-parts.ts';

/** How to copy files from the opened disk. */
const reading = (mirror: string): Block[] => [
  {
    text:
      `The time of /mnt/recovery/LABEL is the end of the last complete backup. /mnt/recovery/${mirror} is ` +
      'the copy of that time. Copy the files that you need, for example all:',
  },
  { commands: `mkdir -p /srv/restored\ncp -a /mnt/recovery/${mirror}/. /srv/restored/` },
];

const mounting = (device: string, mirror: string): Block => ({
  commands:
    `cryptsetup open --readonly --key-file /mnt/recovery-key/key ${device} ` +
    'recovery\nmount -o ro,nodev,nosuid,noexec /dev/mapper/recovery /mnt/recovery\nls -l /mnt/recovery ' +
    `/mnt/recovery/${mirror}`,
});

/** Text of a sheet that is printed before the first disk is prepared. */
export const openingAny = (): Section => ({
  heading: '2. Open a disk',
  blocks: [
    {
      text:
        'No disk was enrolled when this sheet was printed. One disk at a time, and no other encrypted disk on that ' +
        'machine (see: blkid -t TYPE=crypto_LUKS); nothing is written to it.',
    },
    mounting('"$(blkid -t TYPE=crypto_LUKS -o device | head -n 1)"', 'backups'),
    ...reading('backups'),
  ],
});

/** For one disk. */
export function opening(drive: DriveRecord, { previous }: { readonly previous: PreviousKeys }): Section {
  const mirror = drive.mirror ?? 'backups';
  return {
    heading: `2. Open disk ${drive.label}`,
    blocks: [
      {
        text:
          'One disk at a time; nothing is written to it.' +
          (isPending(previous, drive.luksUuid)
            ? ' The password was changed while this disk was away: it may still have an earlier key, see ' +
              '"If a disk has an earlier key".'
            : ''),
      },
      mounting(`/dev/disk/by-uuid/${drive.luksUuid}`, mirror),
      ...reading(mirror),
    ],
  };
}
