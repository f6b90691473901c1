import { statusSchema, type DriveStatus, type Status } from '../../src/protocol/status.ts';
import { runRecordSchema, type RunRecord } from '../../src/records/run-record.ts';

const now = '2026-11-29T12:00:00Z';

/** A disk in the safe with a backup two days before {@link aStatus}. */
export const aDrive = (label: string, more: Partial<DriveStatus> = {}): DriveStatus => ({
  label,
  luksUuid: label,
  present: false,
  state: 'absent',
  enrolledAt: '2026-01-01T00:00:00Z',
  lastSuccess: '2026-11-27T12:00:00Z',
  drilledAt: null,
  overdue: false,
  nextUp: false,
  message: null,
  health: [],
  ...more,
});

/** The state of a station without problems, on 2026-11-29 at noon. */
export const aStatus = (more: Partial<Status> = {}): Status =>
  statusSchema.parse({
    version: 1,
    agent: 'running',
    key: 'loaded',
    drives: [aDrive('BACKUP_1'), aDrive('BACKUP_2', { nextUp: true })],
    run: null,
    rotation: {
      offlineCopy: { drive: 'BACKUP_1', at: '2026-11-27T12:00:00Z', ageSeconds: 172_800 },
      overdue: false,
      next: 'BACKUP_2',
      overdueDrives: [],
    },
    updatedAt: now,
    pid: 1,
    pidStartTime: '1',
    ...more,
  });

/** A good run. */
export const aRun = (more: Partial<RunRecord> = {}): RunRecord =>
  runRecordSchema.parse({
    id: 'r',
    drive: 'BACKUP_1',
    trigger: 'plug',
    startedAt: now,
    endedAt: now,
    outcome: 'success',
    exitCode: 0,
    code: null,
    message: '',
    released: true,
    filesTotal: 10,
    bytesTotal: 1000,
    tookMs: 1500,
    ...more,
  });
