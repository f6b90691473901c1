import type { BlockDevice } from '../../../src/disk/block-devices.ts';
import type { DriveRecord } from '../../../src/records/drive-record.ts';

/** A blank USB disk of 1 GiB, with whatever a test needs different. */
export function aDisk(differences: Partial<BlockDevice> = {}): BlockDevice {
  return {
    kname: 'sdb',
    path: '/dev/sdb',
    type: 'disk',
    sizeBytes: 1024 ** 3,
    fstype: null,
    uuid: null,
    partlabel: null,
    label: null,
    mountpoints: [],
    model: 'Elements',
    serial: 'WD1',
    transport: 'usb',
    readOnly: false,
    partitionTable: null,
    partitionType: null,
    removable: false,
    sectorBytes: 512,
    children: [],
    ...differences,
  };
}

/** A partition of {@link aDisk}. */
export function aPartition(differences: Partial<BlockDevice> = {}): BlockDevice {
  return aDisk({
    kname: 'sdb1',
    path: '/dev/sdb1',
    type: 'part',
    model: null,
    serial: null,
    transport: null,
    ...differences,
  });
}

export const someUuid = '5a9c4c7e-6b2c-4f57-9d2e-0f1f6f1f2a3b';

/** A disk in the rotation. */
export function aRecord(differences: Partial<DriveRecord> = {}): DriveRecord {
  return {
    label: 'BACKUP_1',
    luksUuid: someUuid,
    sealedId: '0d3b7c1e-9a54-4a9e-8a58-0d7f0f6f5d11',
    generation: 3,
    enrolledAt: '2026-01-01T00:00:00.000Z',
    state: 'active',
    runs: 3,
    lastRun: null,
    lastSuccess: null,
    lastError: null,
    filesTotal: 0,
    bytesTotal: 0,
    capacityBytes: 0,
    ...differences,
  };
}
