import type { Notice } from '../../../src/notify/channel.ts';

/** News as a run makes it. */
export const aNotice: Notice = {
  version: 1,
  id: 'a-notice',
  kind: 'success',
  priority: 'low',
  at: '2026-03-01T10:00:00.000Z',
  station: 'station',
  drive: 'BACKUP_2',
  language: 'en',
  unplug: 'safe',
  subject: 'BACKUP_2 is done, safe to unplug',
  text: 'The backup to disk BACKUP_2 is complete.\nThe disk is closed. You can take it out.',
  event: 'run:succeeded',
  payload: { runId: 'r1', drive: 'BACKUP_2', tookMs: 1000, gaps: false, stamped: true },
};
