import { expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import type { EventMap } from '../../../src/bus/events.ts';
import { HeldError } from '../../../src/guard/hold.ts';
import type { DriveRecord } from '../../../src/records/drive-record.ts';
import type { DriveRegistry } from '../../../src/records/drive-registry.ts';
import type { EndedRun } from '../../../src/run/ended-run.ts';
import { updateRegistry } from '../../../src/run/update-registry.ts';
import { aRecord } from '../disk/devices.ts';

const error = new HeldError('held: 70 % of files changed.', 'Look.', { headline: 'much changed' });
const ended: EndedRun = {
  order: { runId: 'r', drive: 'BACKUP_1', trigger: 'plug', attach: { diskseq: 1, luksUuid: 'u' } },
  startedAt: new Date('2026-03-01T00:00:00.000Z'),
  ...{ tookMs: 1, disk: 'closed', exitCode: 14, result: undefined, position: undefined, sources: [] },
  error,
  failure: { code: error.code, exitCode: 14, happened: error.message, todo: error.todo },
  health: undefined,
};

it('keeps a held run elsewhere when the list of disks is read-only, and says what to do about that', async () => {
  const full = Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
  const registry = {
    list: () => Promise.resolve([aRecord({ label: 'OTHER' }), aRecord()]),
    update: () => Promise.reject(full),
  } as unknown as DriveRegistry;
  const bus = createBus(() => undefined);
  const warnings: EventMap['warning:raised'][] = [];
  bus.on('warning:raised', (warning) => {
    warnings.push(warning);
  });
  const kept: (readonly [DriveRecord, DriveRecord])[] = [];
  const keepUnrecorded = (before: DriveRecord, after: DriveRecord): Promise<void> => {
    kept.push([before, after]);
    return Promise.resolve();
  };
  await updateRegistry(ended, { registry, bus, keepUnrecorded });
  expect(kept).toMatchObject([
    [{ label: 'BACKUP_1' }, { label: 'BACKUP_1', lastError: 'EXB_HELD', hold: { runId: 'r', approved: null } }],
  ]);
  expect(warnings[0]?.todo).toMatch(/read-only/);
  expect(warnings[0]?.todo).not.toContain('Check the space');
});
