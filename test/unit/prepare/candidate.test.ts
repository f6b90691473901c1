import { describe, expect, it } from 'vitest';
import {
  checkLabel,
  chooseDisk,
  looksUsed,
  possibleDisks,
  smallestDisk,
  type Wish,
} from '../../../src/prepare/candidate.ts';
import { BusyError, UsageError } from '../../../src/errors.ts';
import { aDisk, aPartition, aRecord, someUuid } from '../disk/devices.ts';

const wish = (differences: Partial<Wish> = {}): Wish => ({
  typed: '/dev/sdb',
  device: '/dev/sdb',
  label: 'BACKUP_2',
  filesystem: 'ext4',
  replace: false,
  ...differences,
});
const luks = aPartition({ fstype: 'crypto_LUKS', uuid: someUuid });

describe('chooseDisk', () => {
  it('takes a blank USB disk', () => {
    const disk = aDisk();
    expect(chooseDisk(wish(), [disk], [])).toBe(disk);
  });

  it('takes a used disk that nobody holds; whether it may be erased is asked elsewhere', () => {
    const disk = aDisk({ partitionTable: 'gpt', children: [aPartition({ fstype: 'ntfs' })] });
    expect(chooseDisk(wish(), [disk], [])).toBe(disk);
  });

  const refused: readonly (readonly [what: string, disk: ReturnType<typeof aDisk>, code: string])[] = [
    ['the disk with /', aDisk({ children: [aPartition({ mountpoints: ['/'] })] }), 'EXB_SYSTEM_DISK'],
    ['the disk with /boot', aDisk({ children: [aPartition({ mountpoints: ['/boot'] })] }), 'EXB_SYSTEM_DISK'],
    ['a disk with swap in use', aDisk({ children: [aPartition({ mountpoints: ['[SWAP]'] })] }), 'EXB_SYSTEM_DISK'],
    [
      'a disk below the volume group with /',
      aDisk({
        children: [
          aPartition({ children: [aPartition({ path: '/dev/mapper/vg-root', type: 'lvm', mountpoints: ['/'] })] }),
        ],
      }),
      'EXB_SYSTEM_DISK',
    ],
    ['a disk that is mounted as a whole', aDisk({ mountpoints: ['/media/stick'] }), 'EXB_IN_USE'],
    ['a disk with a mounted partition', aDisk({ children: [aPartition({ mountpoints: ['/srv'] })] }), 'EXB_IN_USE'],
    [
      'a member of an active volume group',
      aDisk({ children: [aPartition({ path: '/dev/mapper/vg-data', type: 'lvm' })] }),
      'EXB_IN_USE',
    ],
    [
      'a member of a running RAID',
      aDisk({ children: [aPartition({ path: '/dev/md0', type: 'raid1' })] }),
      'EXB_IN_USE',
    ],
    [
      'an opened foreign volume',
      aDisk({ children: [aPartition({ children: [aPartition({ path: '/dev/mapper/secret', type: 'crypt' })] })] }),
      'EXB_IN_USE',
    ],
    ['a disk that can only be read', aDisk({ readOnly: true }), 'EXB_READ_ONLY'],
    ['a disk that is too small', aDisk({ sizeBytes: smallestDisk - 1 }), 'EXB_TOO_SMALL'],
  ];
  it.each(refused)('refuses %s, also with --replace', (_, disk, code) => {
    expect(() => chooseDisk(wish({ replace: true }), [disk], [])).toThrow(expect.objectContaining({ code }));
  });

  it('refuses a disk that is open for a run, and says how to close it', () => {
    const disk = aDisk({
      children: [{ ...luks, children: [aPartition({ path: '/dev/mapper/extbackup-BACKUP_1', type: 'crypt' })] }],
    });
    expect(() => chooseDisk(wish(), [disk], [])).toThrow(BusyError);
  });

  it.each([
    ['xfs', 300],
    ['btrfs', 120],
  ] as const)('refuses a disk that is too small for %s before anything is erased', (filesystem, mebibytes) => {
    const disk = aDisk({ sizeBytes: mebibytes * 1024 ** 2 });
    expect(() => chooseDisk(wish({ filesystem }), [disk], [])).toThrow(
      expect.objectContaining({
        code: 'EXB_TOO_SMALL',
        todo: expect.stringContaining(`with ${filesystem} needs`) as string,
      }),
    );
    expect(chooseDisk(wish(), [disk], [])).toBe(disk);
  });

  it('takes the smallest allowed disk', () => {
    expect(chooseDisk(wish(), [aDisk({ sizeBytes: smallestDisk })], []).path).toBe('/dev/sdb');
  });

  it('refuses a partition and names its disk', () => {
    const partition = wish({ typed: '/dev/sdb1', device: '/dev/sdb1' });
    expect(() => chooseDisk(partition, [aDisk({ children: [luks] })], [])).toThrow(
      expect.objectContaining({ code: 'EXB_NOT_A_DISK', todo: expect.stringContaining('/dev/sdb') as string }),
    );
  });

  it('refuses a loop device', () => {
    expect(() => chooseDisk(wish(), [aDisk({ type: 'loop' })], [])).toThrow(
      expect.objectContaining({ code: 'EXB_NOT_A_DISK' }),
    );
  });

  it('names the USB disks there are when the typed one does not exist, and no control character', () => {
    const choose = () =>
      chooseDisk(
        wish({ typed: '/dev/sd\u001B[2J', device: '/dev/sdz' }),
        [aDisk(), aDisk({ path: '/dev/vda', transport: null })],
        [],
      );
    expect(choose).toThrow(
      expect.objectContaining({
        message: 'There is no disk /dev/sd?[2J.',
        todo: 'USB disks that are plugged in: /dev/sdb (Elements)',
      }),
    );
  });

  it('refuses an enrolled disk unless it is to be replaced', () => {
    const disk = aDisk({ children: [luks] });
    expect(() => chooseDisk(wish(), [disk], [aRecord()])).toThrow(expect.objectContaining({ code: 'EXB_ENROLLED' }));
    expect(chooseDisk(wish({ replace: true }), [disk], [aRecord()])).toBe(disk);
    expect(chooseDisk(wish({ replace: true, label: 'BACKUP_1' }), [disk], [aRecord()])).toBe(disk);
  });

  it('refuses the label of another enrolled disk, also with --replace', () => {
    expect(() => chooseDisk(wish({ label: 'BACKUP_1', replace: true }), [aDisk()], [aRecord()])).toThrow(UsageError);
  });
});

describe('checkLabel', () => {
  it.each(['BACKUP_1', 'a', 'x'.repeat(16), 'disk-2.b'])('takes %s', (label) => {
    expect(() => {
      checkLabel(label, 'ext4');
    }).not.toThrow();
  });

  it.each(['', 'x'.repeat(17), '-rf', '.hidden', 'a b', 'ä', '../up', 'a"b', 'a\n'])('refuses %j', (label) => {
    expect(() => {
      checkLabel(label, 'ext4');
    }).toThrow(UsageError);
  });

  it('knows that xfs takes twelve characters', () => {
    expect(() => {
      checkLabel('x'.repeat(12), 'xfs');
    }).not.toThrow();
    expect(() => {
      checkLabel('x'.repeat(13), 'xfs');
    }).toThrow(UsageError);
  });
});

describe('looksUsed', () => {
  it('is said of a disk with a file system, a partition table or a partition', () => {
    expect(looksUsed(aDisk())).toBe(false);
    expect(looksUsed(aDisk({ fstype: 'vfat' }))).toBe(true);
    expect(looksUsed(aDisk({ partitionTable: 'dos' }))).toBe(true);
    expect(looksUsed(aDisk({ children: [aPartition()] }))).toBe(true);
  });
});

describe('possibleDisks', () => {
  it('leaves out what would be refused', () => {
    const disks = [
      aDisk(),
      aDisk({ path: '/dev/sdc', mountpoints: ['/srv'] }),
      aDisk({ path: '/dev/sdd', readOnly: true }),
      aDisk({ path: '/dev/sde', transport: 'sata' }),
    ];
    expect(possibleDisks(disks).map(({ path }) => path)).toEqual(['/dev/sdb']);
  });
});
