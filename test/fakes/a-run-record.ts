import { runRecordSchema, type RunRecord } from '../../src/records/run-record.ts';

/** The record of a good run to BACKUP_1 that took 200 s, with changes. */
export const aRunRecord = (changes: object = {}): RunRecord =>
  runRecordSchema.parse({
    id: 'r1',
    drive: 'BACKUP_1',
    trigger: 'plug',
    startedAt: '2026-03-01T10:00:00Z',
    endedAt: '2026-03-01T10:03:20Z',
    outcome: 'success',
    exitCode: 0,
    code: null,
    message: '',
    released: true,
    tookMs: 200_000,
    ...changes,
  });
