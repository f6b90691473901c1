import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';

/** An enrolled disk, as the registry knows it. */
export function aDisk(label: string, more: Partial<DriveRecord> = {}): DriveRecord {
  return driveRecordSchema.parse({
    label,
    luksUuid: `uuid-of-${label}`,
    sealedId: '8b0a3d8e-59c8-4c39-9e9b-3a1c1f2e6d70',
    generation: 1,
    enrolledAt: '2026-01-01T00:00:00Z',
    ...more,
  });
}
