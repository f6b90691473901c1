import { expect, it } from 'vitest';
import { createApprovalWatch } from '../../../src/agent/approval-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { approveRun } from '../../../src/records/approve-run.ts';
import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import type { DriveRegistry } from '../../../src/records/drive-registry.ts';

const counts = { created: 0, changed: 0, deleted: 800, changedBytes: 0 };
const heldRecord = (runId: string): DriveRecord =>
  driveRecordSchema.parse({
    label: 'BACKUP_1',
    luksUuid: '00000000-0000-4000-8000-000000000001',
    sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    generation: 0,
    enrolledAt: '2026-01-01T00:00:00.000Z',
    hold: { runId, at: '2026-03-01T00:00:00.000Z', reason: 'held', counts },
  });

function aList(...drives: DriveRecord[]) {
  const registry = {
    update: (change: (all: readonly DriveRecord[]) => readonly DriveRecord[]) => {
      drives = [...change(drives)];
      return Promise.resolve();
    },
  } as unknown as DriveRegistry;
  const told: object[] = [];
  const bus = createBus((_name, error) => {
    throw error;
  });
  bus.on('run:approved', (event) => {
    told.push(event);
  });
  const watch = () => createApprovalWatch({ bus, drives: () => Promise.resolve(drives) });
  const approve = (reason: string, day: number) =>
    approveRun(registry, 'BACKUP_1', { by: 'anna', reason, at: new Date(Date.UTC(2026, 3, day)) });
  return {
    told,
    watch,
    approve,
    put: (record: DriveRecord) => {
      drives = [{ ...record, approvals: drives[0]?.approvals }];
    },
  };
}

it('tells each approval once, with its reason', async () => {
  const { told, watch, approve, put } = aList(heldRecord('r-1'));
  const look = watch();
  await look();
  await approve('moved the projects', 1);
  await look();
  await look();
  expect(told).toEqual([{ drive: 'BACKUP_1', runId: 'r-1', by: 'anna', reason: 'moved the projects' }]);
  put(heldRecord('r-2'));
  await approve('moved them back', 2);
  await look();
  expect(told.slice(1)).toEqual([{ drive: 'BACKUP_1', runId: 'r-2', by: 'anna', reason: 'moved them back' }]);
});

it('tells at its start only what a run still has to act on', async () => {
  const { told, watch, approve, put } = aList(heldRecord('r-1'));
  await approve('while no agent ran, and long done', 1);
  put(heldRecord('r-2'));
  await watch()();
  expect(told).toEqual([]);
  await approve('while no agent ran', 2);
  await watch()();
  expect(told).toMatchObject([{ runId: 'r-2', reason: 'while no agent ran' }]);
});
