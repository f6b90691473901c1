import { expect, it } from 'vitest';
import { createNoticeMaker } from '../../../src/notify/notices.ts';

const failed = (code: string) =>
  ({
    ...{ runId: 'r', drive: 'BACKUP_1', code, exitCode: 13, happened: 'It broke.', todo: 'Look.' },
    ...{ phase: 'pulling' as const, tookMs: 1 },
  }) as const;

it('tells once that the server is away, however often it is tried, and anew after a good run or another failure', () => {
  const notices = createNoticeMaker('station', () => new Date());
  const told: string[] = [];
  const fail = (code: string): void => {
    const news = [
      ...notices.take('run:failed', failed(code)),
      ...notices.take('drive:safe-to-unplug', { drive: 'BACKUP_1', runId: 'r' }),
    ];
    told.push(news.map(({ subject }) => subject).join());
  };
  const once = 'BACKUP_1 failed, safe to unplug';
  for (const code of ['EXB_NETWORK', 'EXB_NETWORK', 'EXB_NETWORK', 'EXB_LOGIN', 'EXB_NETWORK', 'EXB_NETWORK'])
    fail(code);
  notices.take('drive:removed', { drive: 'BACKUP_1' });
  notices.take('drive:identified', { drive: 'BACKUP_1', diskseq: 1, device: 'sda1', luksUuid: 'u' });
  fail('EXB_NETWORK');
  expect(told).toEqual([once, '', '', once, once, '', once]);
});
