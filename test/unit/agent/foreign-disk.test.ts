import { describe, expect, test } from 'vitest';
import { foreignDisk, noBlockDevice, notAuthorized, withoutLuks } from '../../../src/agent/foreign-disk.ts';
import { parseLsblk, type BlockDevice } from '../../../src/disk/block-devices.ts';
import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import type { UsbSighting } from '../../../src/records/usb-sightings.ts';

const size = 2_000_000_000;
const disk = (more: Record<string, unknown> = {}): BlockDevice => {
  const [found] = parseLsblk(
    JSON.stringify({ blockdevices: [{ kname: 'sdb', path: '/dev/sdb', type: 'disk', size, tran: 'usb', ...more }] }),
  );
  if (!found) throw new Error('no disk');
  return found;
};
const part = (fstype: string | null, more: Record<string, unknown> = {}) => ({
  kname: 'sdb1',
  path: '/dev/sdb1',
  type: 'part',
  size: size - 2 ** 20,
  fstype,
  ...more,
});
const enrolled = (label: string, more: Record<string, unknown> = {}) =>
  driveRecordSchema.parse({
    ...{ label, luksUuid: `uuid-${label}`, sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301', generation: 1 },
    ...{ enrolledAt: '2026-01-01T00:00:00Z', volumeBytes: size - 17 * 2 ** 20, ...more },
  });
const knowing = (
  records: readonly DriveRecord[],
  plugged: string[] = [],
  sightings: Record<string, UsbSighting> = {},
) => ({ records, plugged: new Set(plugged), sightings: new Map(Object.entries(sightings)) });
const at = { port: '2-1', usbSerial: undefined };
const hidden = (more: { tableSector?: number; tableBytes?: number } = {}) => ({
  luksUuid: 'uuid-BACKUP_1',
  tableSector: undefined,
  tableBytes: undefined,
  ...more,
});

describe('a disk without a LUKS volume', () => {
  test.each([
    [disk(), 'sdb, 2 GB, nothing recognised'],
    [disk({ fstype: 'ntfs' }), 'sdb, 2 GB, ntfs'],
    [disk({ children: [part('vfat'), part('ext4')] }), 'sdb, 2 GB, 2 partitions: vfat, ext4'],
    [disk({ children: [part(null)] }), 'sdb, 2 GB, 1 partition: nothing recognised'],
    [
      disk({ children: [part(null, { parttypename: 'Microsoft basic data' })] }),
      'sdb, 2 GB, 1 partition: Microsoft basic data',
    ],
  ])('is told with what is there', (found, words) => {
    const news = foreignDisk(found, { usbSerial: 'SERIAL' }, knowing([]));
    expect(news).toMatchObject({ reason: 'no-luks', usbSerial: 'SERIAL', device: 'sdb' });
    expect(news.happened).toBe(`A disk without a LUKS volume was plugged in (${words}). It was not touched.`);
    expect(news.todo).toContain('If it is to become a backup disk');
  });

  test('names the enrolled disk that it may be by its size, if that one is not plugged in', () => {
    const records = [enrolled('BACKUP_1'), enrolled('BACKUP_2', { volumeBytes: size / 2 }), enrolled('BACKUP_3')];
    const news = foreignDisk(disk(), {}, knowing(records, ['uuid-BACKUP_3']));
    expect(news.happened).toContain('By its size it may be BACKUP_1, without its content.');
    expect(news.drive).toBe('BACKUP_1');
    expect(foreignDisk(disk(), {}, knowing([enrolled('BACKUP_1', { state: 'retired' })])).happened).not.toContain(
      'BACKUP',
    );
  });

  test('names it by the serial number of disk or case, before its size', () => {
    const records = [enrolled('BACKUP_1'), enrolled('BACKUP_2', { volumeBytes: size / 2, serial: 'S1' })];
    const words = 'By its serial number it may be BACKUP_2, without its content.';
    expect(foreignDisk(disk({ serial: 'S1' }), {}, knowing(records)).happened).toContain(words);
    expect(
      foreignDisk(
        disk(),
        { usbSerial: 'CASE' },
        knowing(records, [], { 'uuid-BACKUP_2': { port: '1-1', usbSerial: 'CASE' } }),
      ).happened,
    ).toContain(words);
    const twins = records.map((record) => ({ ...record, serial: 'S1' })); // cases of the same make
    expect(foreignDisk(disk({ serial: 'S1' }), {}, knowing(twins)).happened).toContain(
      'By its size it may be BACKUP_1,',
    );
  });

  test('names it by the port where it was last, where that distinguishes disks', () => {
    const records = [enrolled('BACKUP_1'), enrolled('BACKUP_2')];
    const sightings = {
      'uuid-BACKUP_1': { port: '2-1', usbSerial: null },
      'uuid-BACKUP_2': { port: '2-4', usbSerial: null },
    };
    expect(foreignDisk(disk(), { port: '2-4' }, knowing(records, [], sightings)).happened).toContain(
      'By its size and USB port it may be BACKUP_2,',
    );
    expect(foreignDisk(disk(), { port: '2-9' }, knowing(records, [], sightings)).happened).toContain(
      'By its size it may be BACKUP_1 or BACKUP_2,',
    );
    expect(foreignDisk(disk({ size: 1e9 }), { port: '2-1' }, knowing(records, [], sightings)).happened).toMatch(
      /By its USB port it may be BACKUP_1, .* It is smaller than that disk was: 1 GB instead of 1\.98 GB or more\.$/,
    );
  });

  test.each([
    ['wiped', {}, undefined],
    ['of another system', { children: [part('ntfs')] }, undefined],
    ['of another system, with its header', { children: [part('exfat')] }, hidden()],
    ['behind another case', { 'log-sec': 4096 }, hidden({ tableSector: 512, tableBytes: size })],
    ['cut off', { size: 1e9 }, hidden({ tableSector: 512, tableBytes: size })],
    ['unlike any disk', { size: 5e9 }, undefined],
  ])('that is %s is not advised to be prepared before somebody has looked', (_what, more, found) => {
    const { todo } = foreignDisk(disk(more), { hidden: found }, knowing([enrolled('BACKUP_1')]));
    expect(todo).toMatch(/^Write nothing to it/);
    if (found) expect(todo).not.toContain('prepare ');
  });

  test('with its header is named for certain, with the reason', () => {
    const known = knowing([enrolled('BACKUP_1'), enrolled('BACKUP_2')]);
    const happened = (more: Record<string, unknown>, found: ReturnType<typeof hidden>): string =>
      foreignDisk(disk(more), { hidden: found }, known).happened;
    expect(happened({ 'log-sec': 4096 }, hidden({ tableSector: 512, tableBytes: size }))).toBe(
      'Disk BACKUP_1 came up without its LUKS volume (sdb, 2 GB, nothing recognised): this case or adapter shows ' +
        'sectors of 4096 bytes, and the disk was written with sectors of 512 bytes. Its content is still there. ' +
        'It was not touched.',
    );
    expect(happened({ size: 1e9 }, hidden({ tableSector: 512, tableBytes: size }))).toContain(
      'it is smaller than when it was written: 1 GB instead of 2 GB or more.',
    );
    expect(happened({ children: [part('ntfs')] }, hidden())).toContain(
      '1 partition: ntfs): another system has changed its partition table, but its LUKS header is still there.',
    );
    expect(foreignDisk(disk(), { hidden: { ...hidden(), luksUuid: 'a stranger' } }, knowing([])).happened).toContain(
      'A disk without a LUKS volume',
    );
  });
});

test('a disk with a LUKS volume and a reader without a medium are no news', () => {
  expect(withoutLuks([disk({ children: [part('crypto_LUKS')] })])).toBeUndefined();
  expect(withoutLuks([disk({ size: 0, rm: true })])).toBeUndefined();
  expect(withoutLuks([])).toBeUndefined();
  expect(withoutLuks([disk({ size: 0, rm: true }), disk({ kname: 'sdc' })])?.kname).toBe('sdc');
});

test('a disk that shows no medium is told as one that did not come up', () => {
  const empty = withoutLuks([disk({ size: 0, rm: false })]);
  expect(empty && foreignDisk(empty, { port: '2-1', usbSerial: 'S1' }, knowing([]))).toMatchObject({
    reason: 'no-block-device',
    happened:
      'The USB disk with serial number S1 was connected but did not come up: it shows no medium (sdb, 0 bytes).',
  });
});

test('a disk that did not come up, or is blocked, is named by its serial number', () => {
  const known = knowing([enrolled('BACKUP_1', { serial: 'S1' }), enrolled('BACKUP_2')]);
  expect(noBlockDevice({ ...at, usbSerial: 'S1' }, known)).toMatchObject({
    reason: 'no-block-device',
    drive: 'BACKUP_1',
    happened:
      'The USB disk with serial number S1, by its serial number perhaps BACKUP_1, was connected but did not come up.',
  });
  expect(noBlockDevice(at, known)).toMatchObject({ happened: 'A USB disk was connected but did not come up.' });
  const blocked = notAuthorized({ ...at, usbSerial: 'S1' }, known);
  expect(blocked).toMatchObject({ reason: 'not-authorized', drive: 'BACKUP_1' });
  expect(blocked.happened).toContain('perhaps BACKUP_1, was plugged in, but the USB policy of this station blocks it.');
  expect(blocked.todo).toContain('echo 1 > /sys/bus/usb/devices/2-1/authorized');
});
