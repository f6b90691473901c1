import { describe, expect, test } from 'vitest';
import { foreignDisk } from '../../../src/agent/foreign-disk.ts';
import { parseLsblk } from '../../../src/disk/block-devices.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';

const size = 2_000_000_000;
const disk = (more: Record<string, unknown> = {}) =>
  parseLsblk(
    JSON.stringify({ blockdevices: [{ kname: 'sdb', path: '/dev/sdb', type: 'disk', size, tran: 'usb', ...more }] }),
  );
const part = (fstype: string | null) => ({
  kname: 'sdb1',
  path: '/dev/sdb1',
  type: 'part',
  size: size - 2 ** 20,
  fstype,
});
const enrolled = (label: string, more: Record<string, unknown> = {}) =>
  driveRecordSchema.parse({
    ...{ label, luksUuid: `uuid-${label}`, sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301', generation: 1 },
    ...{ enrolledAt: '2026-01-01T00:00:00Z', volumeBytes: size - 17 * 2 ** 20, ...more },
  });
const none = new Set<string>();

describe('a disk without a LUKS volume', () => {
  test.each([
    [disk(), 'sdb, 2 GB, nothing recognised'],
    [disk({ fstype: 'ntfs' }), 'sdb, 2 GB, ntfs'],
    [disk({ children: [part('vfat'), part('ext4')] }), 'sdb, 2 GB, 2 partitions: vfat, ext4'],
    [disk({ children: [part(null)] }), 'sdb, 2 GB, 1 partition: nothing recognised'],
  ])('is told with what is there', (disks, words) => {
    const news = foreignDisk(disks, [], none, 'SERIAL');
    expect(news).toMatchObject({ reason: 'no-luks', usbSerial: 'SERIAL' });
    expect(news?.happened).toBe(`A disk without a LUKS volume was plugged in (${words}). It was not touched.`);
  });

  test('names the enrolled disk that it may be by its size, if that one is not plugged in', () => {
    const records = [enrolled('BACKUP_1'), enrolled('BACKUP_2', { volumeBytes: size / 2 }), enrolled('BACKUP_3')];
    const news = foreignDisk(disk(), records, new Set(['uuid-BACKUP_3']), undefined);
    expect(news?.happened).toContain('By its size it may be BACKUP_1, without its content.');
    expect(news?.todo).toContain('Write nothing to it');
    expect(foreignDisk(disk(), [enrolled('BACKUP_1', { state: 'retired' })], none, undefined)?.happened).not.toContain(
      'BACKUP',
    );
  });

  test('names it by the serial number of the disk, before its size', () => {
    const records = [enrolled('BACKUP_1'), enrolled('BACKUP_2', { volumeBytes: size / 2, serial: 'S1' })];
    expect(foreignDisk(disk({ serial: 'S1' }), records, none, undefined)?.happened).toContain(
      'By its serial number it may be BACKUP_2, without its content.',
    );
    const twins = records.map((record) => ({ ...record, serial: 'S1' })); // cases of the same make
    expect(foreignDisk(disk({ serial: 'S1' }), twins, none, undefined)?.happened).toContain(
      'By its size it may be BACKUP_1,',
    );
  });

  test('is no news where there is a LUKS volume, no medium or no disk', () => {
    expect(foreignDisk(disk({ children: [part('crypto_LUKS')] }), [], none, undefined)).toBeUndefined();
    expect(foreignDisk(disk({ size: 0 }), [], none, undefined)).toBeUndefined();
    expect(foreignDisk([], [], none, undefined)).toBeUndefined();
  });
});
