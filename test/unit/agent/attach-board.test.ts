import { expect, it } from 'vitest';
import { AttachBoard } from '../../../src/agent/attach-board.ts';

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
