import { describe, expect, it } from 'vitest';
import { renderDriveList, type ListedDrive } from '../../../src/commands/drive-list.ts';
import { forgotten, lost } from '../../../src/commands/drive-state.ts';
import { unknownHealth } from '../../../src/records/disk-health.ts';
import { chooseRecord, volumeOfRecord } from '../../../src/opening/find-volume.ts';
import { aDisk, aPartition, aRecord, someUuid } from '../disk/devices.ts';

const now = new Date('2026-03-01T00:00:00.000Z');
const listed = (differences: Partial<ListedDrive>): ListedDrive => ({
  ...aRecord(),
  present: false,
  overdue: false,
  nextUp: false,
  ...differences,
});

describe('drive list', () => {
  it('tells of each disk since when it is used and when last, what it holds and how it is', () => {
    const used = listed({
      present: true,
      lastRun: '2026-02-27T00:00:00.000Z',
      lastSuccess: '2026-02-26T00:00:00.000Z',
      lastError: 'EXB_PULL',
      bytesTotal: 2e9,
      capacityBytes: 4e12,
      health: { ...unknownHealth, smart: 'passed', checkedAt: '2026-02-26T00:00:00.000Z' },
    });
    const weak = listed({
      label: 'BACKUP_2',
      runs: 0,
      nextUp: true,
      overdue: true,
      health: { ...unknownHealth, damaged: 1, smart: 'failing' },
    });
    expect(renderDriveList([used, weak, listed({ label: 'BACKUP_3', state: 'lost' })], now)).toBe(
      [
        'Disk      Here  Since       Last backup  Last run    Runs  Holds  Size  State                       Health',
        'BACKUP_1  yes   2026-01-01  3 days ago   2 days ago  3     2 GB   4 TB  last run failed (EXB_PULL)  SMART: passed, read back 3 days ago',
        'BACKUP_2  no    2026-01-01  never        never       0     -      -     overdue, bring it next      1 file damaged, SMART: FAILING',
        'BACKUP_3  no    2026-01-01  never        never       3     -      -     LOST                        -',
      ].join('\n'),
    );
  });
});

describe('a disk that goes', () => {
  it('is lost: what that means, and what to do about the key and the rotation', () => {
    const words = lost(aRecord({ lastSuccess: '2026-02-26T00:00:00.000Z' }));
    expect(words).toContain('Its last backup: 2026-02-26.');
    for (const command of [
      'extbackup key change',
      'extbackup drive prepare',
      'extbackup drive lost BACKUP_1 --undo',
      'authorized_keys',
    ])
      expect(words).toContain(command);
  });

  it('is forgotten: what is on it can be had back', () => {
    expect(forgotten(aRecord())).toMatch(/never had a complete backup\.\n.*extbackup drive adopt DEVICE/);
  });
});

describe('a disk for a command', () => {
  const luks = (path: `/dev/${string}`) => aPartition({ path, fstype: 'crypto_LUKS', uuid: someUuid });
  const here = [aDisk({ children: [luks('/dev/sdb1')] })];

  it('is not opened while it is noted as lost, asked for by its label or not', () => {
    for (const label of ['BACKUP_1', undefined])
      expect(() => chooseRecord(label, [aRecord({ state: 'lost' })], here)).toThrow(
        expect.objectContaining({
          code: 'EXB_LOST',
          todo: expect.stringContaining('drive lost BACKUP_1 --undo') as string,
        }),
      );
    expect(chooseRecord('BACKUP_1', [aRecord({ state: 'retired' })], here).label).toBe('BACKUP_1');
  });

  it('is not opened beside its copy, with the code that runs give, too', () => {
    expect(() =>
      volumeOfRecord(aRecord(), [...here, aDisk({ path: '/dev/sdc', children: [luks('/dev/sdc1')] })]),
    ).toThrow(expect.objectContaining({ code: 'EXB_DUPLICATE' }));
  });
});
