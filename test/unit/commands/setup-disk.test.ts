import { expect, it } from 'vitest';
import { nextLabel, offer } from '../../../src/commands/setup-disk.ts';
import { aDisk, aPartition } from '../disk/devices.ts';

it('the label that setup offers is the first that no disk has', () => {
  expect(nextLabel([])).toBe('BACKUP_1');
  expect(nextLabel([{ label: 'BACKUP_1' }, { label: 'BACKUP_3' }, { label: 'OFFICE' }])).toBe('BACKUP_2');
});

it('the disks that setup offers have numbers, model, serial number, size and content', () => {
  const used = aDisk({
    path: '/dev/sdc',
    serial: 'WD2',
    partitionTable: 'gpt',
    children: [aPartition({ path: '/dev/sdc1', fstype: 'ntfs', label: 'Stuff\u001b[2J' })],
  });
  expect(offer([aDisk(), used])).toEqual([
    '  1  /dev/sdb: Elements, serial WD1, 1.07 GB, usb',
    '       nothing recognised on it',
    '  2  /dev/sdc: Elements, serial WD2, 1.07 GB, usb',
    '       partition table: gpt',
    '       /dev/sdc1: 1.07 GB, ntfs "Stuff?[2J", not mounted',
  ]);
  expect(offer([])).toEqual(['No USB disk is plugged in that could become a backup disk.']);
});

it('a disk with a LUKS volume is offered with a warning: it may be one of an earlier station', () => {
  const earlier = aDisk({
    partitionTable: 'gpt',
    children: [aPartition({ path: '/dev/sdb1', fstype: 'crypto_LUKS', uuid: 'u1', label: 'BACKUP_1' })],
  });
  expect(offer([earlier]).at(-1)).toBe(
    '     It may hold a backup, which this would erase. To keep it, type "later", then: extbackup drive adopt /dev/sdb1',
  );
});
