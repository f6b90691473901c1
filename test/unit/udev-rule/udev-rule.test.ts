import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { interpretRules, type UdevEvent } from './interpret-rules.ts';

const text = readFileSync(new URL('../../../udev/90-extbackup.rules', import.meta.url), 'utf8');

const usbPartition: UdevEvent = {
  action: 'add',
  subsystem: 'block',
  name: 'sda1',
  properties: { ID_FS_TYPE: 'crypto_LUKS', ID_BUS: 'usb', DISKSEQ: '7' },
  subsystems: ['block', 'scsi', 'usb', 'pci'],
};
const run = (changes: Partial<UdevEvent>): readonly string[] =>
  interpretRules(text, { ...usbPartition, ...changes }).run;

describe('a LUKS volume on USB leaves exactly one note', () => {
  test.each<[string, Partial<UdevEvent>, string]>([
    ['a partition appears', {}, 'udev.add.7.sda1'],
    ['a partition changes', { action: 'change' }, 'udev.change.7.sda1'],
    ['a whole disk appears', { name: 'sdb' }, 'udev.add.7.sdb'],
    [
      'the USB case shows its disk as ATA',
      { properties: { ...usbPartition.properties, ID_BUS: 'ata' } },
      'udev.add.7.sda1',
    ],
    ['the kernel does not number attaches', { properties: { ID_FS_TYPE: 'crypto_LUKS' } }, 'udev.add..sda1'],
  ])('%s', (_, changes, note) => {
    expect(run(changes)).toEqual([`/usr/bin/touch /run/extbackup/spool/${note}`]);
  });

  test('it is removed: no parents any more, only what udev stored when it appeared', () => {
    const stored = interpretRules(text, usbPartition).properties;
    expect(run({ action: 'remove', subsystems: ['block'], properties: stored })).toEqual([
      '/usr/bin/touch /run/extbackup/spool/udev.remove.7.sda1',
    ]);
  });
});

describe('nothing else leaves a note', () => {
  test.each<[string, Partial<UdevEvent>]>([
    ['a LUKS volume inside the machine', { subsystems: ['block', 'scsi', 'pci'] }],
    ['an opened volume', { name: 'dm-0', subsystems: ['block'], properties: { ID_FS_TYPE: 'ext4', DISKSEQ: '8' } }],
    ['a LUKS volume inside an opened volume', { name: 'dm-0', subsystems: ['block'] }],
    ['another file system on USB', { properties: { ID_FS_TYPE: 'vfat', DISKSEQ: '7' } }],
    [
      'the partitioned disk around the volume',
      { name: 'sda', properties: { ID_PART_TABLE_TYPE: 'gpt', DISKSEQ: '7' } },
    ],
    [
      'the removal of a disk that is not ours',
      { action: 'remove', subsystems: ['block'], properties: { ID_FS_TYPE: 'vfat' } },
    ],
    ['a volume that was there, and was wiped', { action: 'change', properties: { DISKSEQ: '7' } }],
    ['a driver that binds', { action: 'bind' }],
    ['a USB device', { subsystem: 'usb', name: '1-1' }],
  ])('%s', (_, changes) => {
    expect(run(changes)).toEqual([]);
  });
});

test('no desktop asks for the passphrase of a volume that the agent takes', () => {
  expect(interpretRules(text, usbPartition).properties['UDISKS_AUTO']).toBe('0');
});
