import { describe, expect, test } from 'vitest';
import type { EventMap } from '../../../src/bus/events.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';

const run = { runId: 'r1', drive: 'BACKUP_2' };
const figures = {
  filesTotal: 4300,
  filesTransferred: 12,
  filesDeleted: 0,
  bytesTotal: 9e9,
  bytesTransferred: 1_200_000,
  bytesReceived: 900_000,
};
const succeeded: EventMap['run:succeeded'] = { ...run, ...figures, tookMs: 200_000, gaps: false, stamped: true };
const failed: EventMap['run:failed'] = {
  ...run,
  code: 'EXB_UNREACHABLE',
  exitCode: 13,
  happened: 'The server did not answer.',
  todo: 'Check that it is on.',
  phase: 'pulling',
  tookMs: 10_000,
};

const maker = () => createNoticeMaker('station', () => new Date('2026-03-01T10:00:00Z'));

describe('the end of a run', () => {
  test('a good run and its closed disk are one message', () => {
    const notices = maker();
    expect(notices.take('run:succeeded', succeeded)).toEqual([]);
    const told = notices.take('drive:safe-to-unplug', run);
    expect(told).toMatchObject([
      {
        kind: 'success',
        drive: 'BACKUP_2',
        subject: 'BACKUP_2 is done, safe to unplug',
        at: '2026-03-01T10:00:00.000Z',
      },
    ]);
    expect(told[0]?.text).toContain('12 files copied (1.2 MB)');
    expect(told[0]?.text).toContain('3 minutes 20 seconds');
    expect(notices.flush()).toEqual([]);
  });

  test('a good run on a disk that stays open never says safe', () => {
    const notices = maker();
    notices.take('run:succeeded', succeeded);
    const [notice] = notices.take('drive:do-not-unplug', { ...run, reason: 'LUKS is still open' });
    expect(notice).toMatchObject({ kind: 'failure', subject: 'BACKUP_2 is backed up, but DO NOT UNPLUG it' });
    expect(notice?.text).not.toMatch(/safe|can take it out/);
  });

  test('what went of the history is told with it, once', () => {
    const notices = maker();
    const pruned = { ...run, removed: 2, bytes: 3e9, capped: false, stuck: 0 };
    notices.take('history:pruned', { ...pruned, why: 'blocks', capped: true });
    notices.take('history:pruned', {
      ...{ ...pruned, removed: 1, bytes: 1e9, why: 'rule', stuck: 1 },
      ...{ givenUp: { states: 3, bytes: 2e9 } },
    });
    notices.take('run:succeeded', succeeded);
    const [notice] = notices.take('drive:safe-to-unplug', run);
    expect(notice?.text).toContain(
      'Removed from the history: 1 entry (1 GB) by the settings (history.keep), ' +
        '2 entries (3 GB) because the disk had no room left. ' +
        '3 old states given up (2 GB), by history.keep.weekly, monthly and yearly. ' +
        'More are due, but one run removes no more (history.keep.perRun). 1 old entry could not be removed completely.',
    );
    notices.take('run:started', { ...run, trigger: 'request' });
    notices.take('run:succeeded', succeeded);
    expect(notices.take('drive:safe-to-unplug', run)[0]?.text).not.toContain('history');
  });

  test('a failed run says what happened, what to do, and that the disk is closed', () => {
    const notices = maker();
    notices.take('run:failed', failed);
    const [notice] = notices.take('drive:safe-to-unplug', run);
    expect(notice).toMatchObject({ kind: 'failure', subject: 'BACKUP_2 failed, safe to unplug', event: 'run:failed' });
    expect(notice?.text).toMatch(
      /The server did not answer\.\nThe disk is closed\. You can take it out\.\nCheck that it is on\.$/,
    );
  });

  test('a failed run on a disk that stays open says DO NOT UNPLUG', () => {
    const notices = maker();
    notices.take('run:failed', { ...failed, exitCode: 20 });
    expect(notices.take('drive:do-not-unplug', { ...run, reason: 'busy' })).toMatchObject([
      { subject: 'BACKUP_2 failed, DO NOT UNPLUG' },
    ]);
  });

  test('a run that the agent interrupts goes on by itself: nobody is told to take the disk out', () => {
    const notices = maker();
    const told = notices.take('run:failed', { ...failed, exitCode: 130, resumes: true });
    expect(told).toMatchObject([{ subject: 'BACKUP_2 was interrupted, leave it plugged in' }]);
    expect(told[0]?.text).not.toMatch(/safe to unplug|take it out/);
    expect(notices.flush()).toEqual([]);
  });

  test('a disk that was torn out is told as gone, whether that is noticed before or after the failure', () => {
    const before = maker();
    before.take('drive:removed', { drive: 'BACKUP_2' });
    expect(before.take('run:failed', failed)).toMatchObject([{ subject: 'BACKUP_2 failed, it was taken out' }]);
    const after = maker();
    after.take('run:failed', failed);
    expect(after.take('drive:removed', { drive: 'BACKUP_2' })).toMatchObject([
      { subject: 'BACKUP_2 failed, it was taken out' },
    ]);
  });

  test('a disk that came back is not taken for gone', () => {
    const notices = maker();
    notices.take('drive:removed', { drive: 'BACKUP_2' });
    notices.take('drive:identified', { drive: 'BACKUP_2', diskseq: 9, device: 'sda1', luksUuid: 'u' });
    expect(notices.take('run:succeeded', succeeded)).toEqual([]);
  });

  test('an incomplete run is no success', () => {
    const notices = maker();
    notices.take('run:succeeded', { ...succeeded, gaps: true, stamped: false });
    expect(notices.take('drive:safe-to-unplug', run)).toMatchObject([
      { kind: 'failure', subject: 'BACKUP_2 is incomplete, safe to unplug' },
    ]);
  });

  test('a held run asks once, although it also counts as failed', () => {
    const notices = maker();
    notices.take('run:held', {
      ...run,
      code: 'EXB_HELD',
      exitCode: 14,
      sign: { what: 'deleted', percent: 77 },
      headline: '77 % of the files are gone on the server; this looks like an attack',
      isAlarm: true,
      happened: 'It would delete 900 files.',
      todo: 'Look, then: extbackup approve',
      tookMs: 1000,
    });
    notices.take('run:failed', { ...failed, exitCode: 14 });
    expect(notices.take('drive:safe-to-unplug', run)).toMatchObject([
      {
        kind: 'held',
        priority: 'urgent',
        subject: 'STOPPED: BACKUP_2: 77 % of files gone: attack?',
        text: expect.stringMatching(
          /^STOPPED: BACKUP_2: 77 % of the files are gone on the server; this looks like an attack\.\nThe disk is closed\. You can take it out\.\n/,
        ) as string,
      },
    ]);
  });

  test('without word about the disk, flush tells the end and promises nothing', () => {
    const notices = maker();
    notices.take('run:succeeded', succeeded);
    expect(notices.waiting).toBe(true);
    const [notice] = notices.flush();
    expect(notice?.subject).toBe('BACKUP_2 is done, check before you unplug it');
    expect(notices.waiting).toBe(false);
  });

  test('two disks keep their stories apart', () => {
    const notices = maker();
    notices.take('run:succeeded', succeeded);
    notices.take('run:failed', { ...failed, runId: 'r2', drive: 'BACKUP_1' });
    expect(notices.take('drive:safe-to-unplug', { drive: 'BACKUP_1' })).toMatchObject([
      { kind: 'failure', drive: 'BACKUP_1' },
    ]);
    expect(notices.take('drive:safe-to-unplug', { drive: 'BACKUP_2' })).toMatchObject([
      { kind: 'success', drive: 'BACKUP_2' },
    ]);
  });
});

describe('other news', () => {
  test('a closed disk is no news without a run, unless it was open before', () => {
    const notices = maker();
    expect(notices.take('drive:safe-to-unplug', run)).toEqual([]);
    expect(notices.take('drive:do-not-unplug', { ...run, reason: 'busy' })).toMatchObject([
      { kind: 'failure', subject: 'DO NOT UNPLUG BACKUP_2' },
    ]);
    expect(notices.take('drive:safe-to-unplug', run)).toMatchObject([{ kind: 'success' }]);
  });

  test('the key is asked for once per plug', () => {
    const notices = maker();
    expect(notices.take('key:missing', { drive: 'BACKUP_2' })).toMatchObject([
      { kind: 'waiting', subject: 'BACKUP_2 is waiting for the key' },
    ]);
    expect(notices.take('key:missing', { drive: 'BACKUP_2' })).toEqual([]);
    notices.take('drive:removed', { drive: 'BACKUP_2' });
    expect(notices.take('key:missing', { drive: 'BACKUP_2' })).toHaveLength(1);
    notices.take('key:loaded', {});
    expect(notices.take('key:missing', { drive: 'BACKUP_2' })).toHaveLength(1);
  });

  test.each([
    ['not-enrolled', ['refusal']],
    ['duplicate-uuid', ['refusal']],
    ['no-block-device', ['warning']],
    ['no-luks', ['refusal']],
    ['just-prepared', []],
    ['served-before', []],
  ] as const)('an ignored disk (%s) is told as %j', (reason, kinds) => {
    const told = maker().take('drive:ignored', { reason, happened: 'A disk is not used.', todo: 'Enrol it.' });
    expect(told.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('warnings, strange requests and overdue disks are told with what to do', () => {
    const notices = maker();
    expect(
      notices.take('warning:raised', { about: 'usb', reason: 'A disk shows no device.', todo: 'Check the cable.' }),
    ).toMatchObject([
      { kind: 'warning', subject: 'USB cannot be watched', text: 'A disk shows no device.\nCheck the cable.' },
    ]);
    expect(notices.take('spool:rejected', { reason: 'torn' })).toMatchObject([{ kind: 'warning' }]);
    expect(
      notices.take('rotation:overdue', { drive: 'BACKUP_3', lastSuccess: '2026-01-05T00:00:00Z' })[0]?.text,
    ).toContain('Monday 5 January');
    expect(notices.take('rotation:overdue', { drive: 'BACKUP_3', lastSuccess: null })[0]?.text).toContain(
      'has no backup yet',
    );
    expect(
      notices.take('rotation:overdue', {
        lastSuccess: '2026-01-05T00:00:00Z',
        freshest: 'BACKUP_1',
        next: 'BACKUP_2',
        overdue: ['BACKUP_2'],
      })[0],
    ).toMatchObject({
      kind: 'overdue',
      subject: 'The whole rotation is overdue: bring BACKUP_2',
      text: expect.stringMatching(/BACKUP_1, is from Monday 5 January\.[^]*Bring disk BACKUP_2/) as string,
    });
    expect(notices.take('rotation:overdue', { lastSuccess: null, overdue: [] })[0]?.subject).toBe(
      'There is no offline copy',
    );
  });

  test('the beginning of a run is news for who asks for it, its steps are none', () => {
    const notices = maker();
    expect(notices.take('run:started', { ...run, trigger: 'plug' })).toMatchObject([
      { kind: 'started', priority: 'low' },
    ]);
    expect(notices.take('sync:progress', { ...run, bytes: 1, files: 1 })).toEqual([]);
    expect(notices.take('luks:closed', { ...run, tookMs: 1 })).toEqual([]);
  });
});
