import { expect, it } from 'vitest';
import { createNoticeMaker } from '../../../src/notify/notices.ts';

const failed = (code: string) =>
  ({
    ...{ runId: 'r', drive: 'BACKUP_1', code, exitCode: 13, happened: 'It broke.', todo: 'Look.' },
    ...{ phase: 'pulling' as const, tookMs: 1, ...(code === 'EXB_NETWORK' && { waits: true }) },
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
  const once = 'BACKUP_1 waits for the server: leave it plugged in';
  const other = 'BACKUP_1 failed, safe to unplug';
  for (const code of ['EXB_NETWORK', 'EXB_NETWORK', 'EXB_NETWORK', 'EXB_LOGIN', 'EXB_NETWORK', 'EXB_NETWORK'])
    fail(code);
  notices.take('drive:removed', { drive: 'BACKUP_1' });
  notices.take('drive:identified', { drive: 'BACKUP_1', diskseq: 1, device: 'sda1', luksUuid: 'u' });
  fail('EXB_NETWORK');
  expect(told).toEqual([once, '', '', other, once, '', once]);
});

it('a weekend without the server is one message, and then the good end', () => {
  const notices = createNoticeMaker('station', () => new Date());
  const run = { drive: 'BACKUP_1', runId: 'r' };
  const weekend = Array.from({ length: 40 }, () => [
    ...notices.take('run:started', { ...run, trigger: 'plug' }),
    ...notices.take('run:failed', failed('EXB_NETWORK')),
    ...notices.take('drive:safe-to-unplug', run),
  ]).flat();
  notices.take('run:succeeded', { ...run, tookMs: 1, gaps: false, stamped: true });
  const all = [...weekend, ...notices.take('drive:safe-to-unplug', run)];
  const told = all.filter(({ kind }) => kind !== 'started'); // nobody is told of those who did not ask for them
  expect(told.map(({ kind }) => kind)).toEqual(['failure', 'success']);
  expect(told[0]?.text).not.toMatch(/safe to unplug|You can take it out/);
});

it('tells each cause of several sources once, and anew when it is another one', () => {
  const notices = createNoticeMaker('station', () => new Date());
  const run = { drive: 'BACKUP_1', runId: 'r' };
  const told = ['office: away. photos: no login.', 'office: away. photos: no login.', 'office: away.'].map(
    (happened) => [
      ...notices.take('run:failed', { ...failed('EXB_SOURCES'), happened, waits: true }),
      ...notices.take('drive:safe-to-unplug', run),
    ],
  );
  expect(told.map((news) => news.length)).toEqual([1, 0, 1]);
  expect(told[0]?.[0]).toMatchObject({
    subject: 'BACKUP_1 failed in part: leave it plugged in',
    text: expect.stringContaining('photos: no login.') as string,
  });
});

it('tells once that a disk is held and another source waits, and that it is safe when that source is done', () => {
  const notices = createNoticeMaker('station', () => new Date());
  const run = { drive: 'BACKUP_1', runId: 'r' };
  const held = {
    ...run,
    code: 'EXB_HELD',
    exitCode: 14,
    todo: 'Look.',
    headline: 'many changed',
    sign: { what: 'changed', files: 12 },
    isAlarm: false,
  } as const;
  const ends = [
    { happened: 'held: office: many. photos: away.', waits: true },
    { happened: 'held: office: many. photos: away.', waits: true },
    { happened: 'held: office: many. Complete: photos.' },
  ];
  const told = ends.map((end) => [
    ...notices.take('run:held', { ...held, ...end, tookMs: 1 }),
    ...notices.take('drive:safe-to-unplug', run),
  ]);
  expect(told.map((news) => news.map(({ subject }) => subject))).toEqual([
    ['STOPPED: BACKUP_1, leave it plugged in'],
    [],
    ['STOPPED: BACKUP_1: 12 files changed'],
  ]);
  expect(told[0]?.[0]?.text).not.toMatch(/You can take it out/);
  expect(told[2]?.[0]?.text).toMatch(/You can take it out/);
});

it('tells that a disk waits for a command', () => {
  const notices = createNoticeMaker('station', () => new Date());
  const [notice] = notices.take('drive:waiting', {
    drive: 'BACKUP_1',
    reason: 'Another extbackup command uses the disks.',
  });
  expect(notice).toMatchObject({
    ...{ kind: 'waiting', drive: 'BACKUP_1' },
    subject: 'BACKUP_1 is waiting: the disks are in use',
    text: expect.stringContaining('Another extbackup command uses the disks.') as string,
  });
});
