import { expect, it } from 'vitest';
import { AttachBoard } from '../../../src/agent/attach-board.ts';
import type { Volume } from '../../../src/disk/volumes.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';

it('shows which of several sources is pulled, while it is', () => {
  const board = new AttachBoard();
  board.startRun({ runId: 'r', drive: 'BACKUP_1', trigger: 'plug', attach: { diskseq: 1, luksUuid: 'u' } });
  board.setPhase('pulling');
  expect(board.run).not.toHaveProperty('source');
  board.setProgress({ bytes: 1, files: 1, source: 'photos' });
  board.setPhase('deleting');
  expect(board.run).toMatchObject({ phase: 'deleting', source: 'photos' });
  board.setPhase('flushing');
  expect(board.run).not.toHaveProperty('source');
});

it('shows of each phase only how far that one is; waiting for the server is part of pulling', () => {
  const board = new AttachBoard();
  board.startRun({ runId: 'r', drive: 'BACKUP_1', trigger: 'plug', attach: { diskseq: 1, luksUuid: 'u' } });
  board.setPhase('pulling');
  board.setProgress({ percent: 40, bytes: 5, files: 2, etaSeconds: 9 });
  board.setPhase('waiting-for-server');
  expect(board.run).toMatchObject({ percent: 40, bytes: 5, files: 2, etaSeconds: null });
  board.setPhase('pulling');
  expect(board.run).toMatchObject({ percent: 40, bytes: 5, files: 2 });
  board.setPhase('flushing');
  expect(board.run).toMatchObject({ percent: null, bytes: 0, files: 0, etaSeconds: null });
});

it('names the error of a run that failed, as long as the disk is in that state', () => {
  const record = driveRecordSchema.parse({
    ...{ label: 'BACKUP_1', luksUuid: 'u', sealedId: '11111111-1111-4111-8111-111111111111', generation: 1 },
    enrolledAt: '2026-01-01T00:00:00Z',
  });
  const board = new AttachBoard();
  const volume = { kname: 'sda1', diskseq: 1, luksUuid: 'u' } as Volume;
  board.put({ volume, drive: 'BACKUP_1', enrolment: 'e', state: 'failed', message: 'x', code: 'EXB_DISK_FULL' });
  expect(board.describe([record], new Map())[0]).toMatchObject({ state: 'failed', code: 'EXB_DISK_FULL' });
  board.set('BACKUP_1', 'running');
  expect(board.describe([record], new Map())[0]).not.toHaveProperty('code');
});
