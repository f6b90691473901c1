import { expect, it } from 'vitest';
import { approveRun, findHeld } from '../../../src/records/approve-run.ts';
import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import type { DriveRegistry } from '../../../src/records/drive-registry.ts';

const record = driveRecordSchema.parse({
  label: 'BACKUP_1',
  luksUuid: 'u',
  sealedId: '3f0c5a52-52c1-4a53-9a57-0c0d6f7d9d11',
  generation: 1,
  enrolledAt: '2026-01-01T00:00:00Z',
  suspicion: { runId: 'run-7', at: '2026-01-02T00:00:00Z' },
});

it('answers a run that went through but looked wrong, and keeps who did', async () => {
  let drives: readonly DriveRecord[] = [record];
  const registry = {
    update: (change: (before: DriveRecord[]) => DriveRecord[]) => {
      drives = change([...drives]);
      return Promise.resolve();
    },
  } as unknown as DriveRegistry;
  expect(findHeld(drives, 'run-7').label).toBe('BACKUP_1');
  await approveRun(registry, 'BACKUP_1', {
    by: 'ada',
    reason: 'we encrypted them',
    at: new Date('2026-01-03T00:00:00Z'),
  });
  expect(drives[0]).not.toHaveProperty('suspicion');
  expect(drives[0]?.approvals).toEqual([
    { runId: 'run-7', at: '2026-01-03T00:00:00.000Z', by: 'ada', reason: 'we encrypted them' },
  ]);
  expect(() => findHeld(drives, undefined)).toThrow('No run waits');
});
