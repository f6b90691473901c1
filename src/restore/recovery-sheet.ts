import type { Config } from '../config/schema.ts';
import { saltFingerprint } from '../records/salt-copy.ts';
import type { PreviousKeys } from '../keys/previous-keys.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { describeKey, keyProgram } from './recovery-key.ts';
import { opening, openingAny } from './recovery-opening.ts';
import { localDay, zonedTime } from '../text/local-time.ts';
import type { Block, RecoverySheet, Section } from './sheet-parts.ts';

/** The facts on the sheet. */
export interface SheetFacts {
  readonly station: string;
  readonly config: Pick<Config, 'source' | 'sources' | 'key'>;
  readonly drives: readonly DriveRecord[];
  readonly salt: string;
  /** Keys from before a password change; disks in a safe may still have them. */
  readonly previous: PreviousKeys;
  /** false leaves a line to fill in by hand: with the salt on the sheet, only the password protects a stolen disk. */
  readonly withSalt: boolean;
  readonly printedAt: Date;
}

/** Builds the sheet. */
export function buildRecoverySheet(facts: SheetFacts): RecoverySheet {
  return {
    title: `Recovery sheet for the backup disks of ${facts.station}`,
    sections: [
      about(facts),
      keyMaking(facts),
      ...(facts.drives.length === 0
        ? [openingAny()]
        : facts.drives.filter(({ state }) => state !== 'lost').map((drive) => opening(drive, facts))),
      earlier(facts),
      closing(),
      ...earlierKeys(facts),
      trouble(),
    ],
  };
}

function about({ station, config, drives, salt, previous, withSalt, printedAt }: SheetFacts): Section {
  return {
    heading: 'What this is',
    blocks: [
      {
        text:
          'These disks hold backups of ' +
          `${config.source ?? (config.sources ?? []).map(({ source }) => source).join(', ')}, made by ` +
          `extbackup on ${station}. Each is one LUKS volume with an ordinary Linux file system inside; backups ` +
          'of files are plain files. You need a Linux machine with cryptsetup and python3 (Debian: apt-get ' +
          'install cryptsetup-bin python3), the password, the salt, and no other software.',
      },
      {
        facts: [
          ['Printed', `${zonedTime(printedAt)}; the days below are those of this zone`],
          ['Password', 'not on this sheet; known to: ______________________'],
          [
            'Salt',
            withSalt
              ? salt
              : '______________________ (the content of /etc/extbackup/salt; keep it apart from the disks)',
          ],
          ['Salt fingerprint', saltFingerprint(salt)],
          ...previous.keys.map((key): readonly [string, string] => [
            `Salt until ${localDay(key.changedAt)}`,
            withSalt ? key.salt : '______________________ (in /var/lib/extbackup/previous-keys.json)',
          ]),
          ['Key', describeKey(config.key)],
          ...drives.map((drive): readonly [string, string] => [
            `Disk ${drive.label}`,
            `LUKS UUID ${drive.luksUuid}${drive.state === 'active' ? '' : ` (${drive.state})`}`,
          ]),
        ],
      },
      {
        text:
          'Print it again when a disk, the password or the salt changes; keep the old sheet until every ' +
          'disk has the new key. Without the salt nobody can build the key, not even with the password.',
      },
    ],
  };
}

function keyMaking({ config, salt, withSalt }: SheetFacts): Section {
  return {
    heading: '1. Build the key, in memory only',
    blocks: [
      {
        text: 'Become root (sudo -i), then type. The program asks for the password, and for the salt if it is not filled in here.',
      },
      {
        commands:
          'mkdir -p /mnt/recovery-key /mnt/recovery\nmount -t ramfs -o mode=0700 ramfs /mnt/recovery-key\n' +
          keyProgram(config.key, withSalt ? salt : undefined),
      },
    ],
  };
}

/** Only for a station whose password was changed. */
function earlierKeys({ previous, withSalt }: SheetFacts): Section[] {
  if (previous.keys.length === 0) return [];
  return [
    {
      heading: 'If a disk has an earlier key',
      blocks: [
        {
          text:
            'The password of this station was changed. A disk that was away at that time still has the earlier key, made ' +
            'from the earlier salt and the earlier password. Build that key instead of the one of step 1, then open the ' +
            'disk as in step 2.',
        },
        ...[...previous.keys]
          .reverse()
          .flatMap(({ settings, salt, changedAt }): Block[] => [
            { text: `The key until ${localDay(changedAt)}: ${describeKey(settings)}.` },
            { commands: keyProgram(settings, withSalt ? salt : undefined) },
          ]),
      ],
    },
  ];
}

/** Copies only: in an emergency nobody should have to delete files by name. */
const earlier = ({ printedAt }: SheetFacts): Section => ({
  heading: '3. Only if you need an earlier date',
  blocks: [
    {
      text:
        'Some earlier states may have been given up to save room. If this prints a time, do not choose a date between ' +
        'it and the time before it in /mnt/recovery/.extbackup/history: the result would be a mixture.',
    },
    { commands: "ls /mnt/recovery/.extbackup/history | sed -n 's/[.]thinned$//p'" },
    {
      text:
        '/mnt/recovery/history holds the files that later backups replaced or deleted, under the time (UTC) ' +
        'when each backup began. A single file: take it from the first time after the wanted date that has it; if none ' +
        'has it, take it from the copy above. Everything: copy all as above, then copy the history over it, from the newest ' +
        'back to the wanted date. In the first line, write that date as year, month, day, T, hour, minute, ' +
        'second, Z:',
    },
    {
      commands: `at=${printedAt.toISOString().slice(0, 10).replaceAll('-', '')}T235959Z
for run in $(ls -r /mnt/recovery/history); do
  if test "$run" \\> "$at"; then
    cp -a --remove-destination "/mnt/recovery/history/$run/." /srv/restored/
  fi
done`,
    },
    { text: 'The result still contains files that were created later. This writes their names into a list:' },
    {
      commands: `for log in $(ls /mnt/recovery/.extbackup/history); do
  if test "$log" \\> "$at"; then
    file=/mnt/recovery/.extbackup/history/$log
    below=$(sed -n '1s#^marked .* below \\([A-Za-z0-9._-]*/\\)$#\\1#p' "$file")
    sed -n -e "s#^.*+++++++++|[0-9]*|[0-9]*|\\(.*\\)!........\\$#$below\\1#p" \\
      -e '/^[0-9]/s#^.*+++++++++|##p' "$file"
  fi
done > /srv/came-later.txt`,
    },
  ],
});

const closing = (): Section => ({
  heading: '4. Close it again',
  blocks: [
    {
      commands:
        'umount /mnt/recovery\ncryptsetup close recovery\nrm -f /mnt/recovery-key/key /mnt/recovery-key/make.py\numount /mnt/recovery-key',
    },
  ],
});

const trouble = (): Section => ({
  heading: 'If something does not work',
  blocks: [
    {
      text: [
        '"No key available with this passphrase": the password or salt is mistyped, or the disk still has an ' +
          'older password, and so an older salt: see "If a disk has an earlier key", if that is on this ' +
          'sheet, or an older sheet.',
        'A SHA-512 key may come from an old script that dropped blanks at both ends of the password and every ' +
          'backslash in it: then type the password without them.',
        'The disk is not found: see what is there with: blkid -t TYPE=crypto_LUKS',
        'mount complains about the journal (the disk was pulled out in mid-write), with ext4 inside: mount ' +
          '-o ro,noload /dev/mapper/recovery /mnt/recovery',
        'The same with xfs inside (see: blkid /dev/mapper/recovery): mount -o ro,norecovery /dev/mapper/recovery /mnt/recovery',
        'The same with btrfs inside: mount -o ro,rescue=nologreplay /dev/mapper/recovery /mnt/recovery',
        'mount says "unknown filesystem type": that machine lacks the file system of the disk. Load it, for example with: modprobe xfs',
        'mount says "wrong fs type" on a machine that has another disk with the same xfs inside, a copy: ' +
          'mount -o ro,nouuid /dev/mapper/recovery /mnt/recovery',
        'The LUKS header is damaged and there is a copy of it: cryptsetup luksHeaderRestore DEVICE --header-backup-file FILE',
      ].join('\n'),
    },
  ],
});
