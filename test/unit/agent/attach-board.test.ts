import { expect, it } from 'vitest';
import { createAttachBoard } from '../../../src/agent/attach-board.ts';

it('shows which of several sources is pulled, while it is', () => {
  const board = createAttachBoard();
  board.startRun({ runId: 'r', drive: 'BACKUP_1', trigger: 'plug', attach: { diskseq: 1, luksUuid: 'u' } });
  board.setPhase('pulling');
  expect(board.run).not.toHaveProperty('source');
  board.setProgress({ bytes: 1, files: 1, source: 'photos' });
  board.setPhase('deleting');
  expect(board.run).toMatchObject({ phase: 'deleting', source: 'photos', bytes: 1 });
  board.setPhase('flushing');
  expect(board.run).not.toHaveProperty('source');
});
