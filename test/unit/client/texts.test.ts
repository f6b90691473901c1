import { expect, test } from 'vitest';
import { lastEntries, renderPast } from '../../../src/client/past-runs-text.ts';
import { describeEnd } from '../../../src/client/run-end.ts';
import { createLineView } from '../../../src/client/run-view.ts';
import { renderStatus } from '../../../src/client/status-text.ts';
import { replySchema, statusSchema, type RunStatus } from '../../../src/protocol/status.ts';
import { aRunRecord } from '../../fakes/a-run-record.ts';

const now = new Date('2026-03-01T12:00:00Z');
const run: RunStatus = {
  id: 'r1',
  drive: 'BACKUP_1',
  phase: 'pulling',
  percent: 43.7,
  bytes: 12_300_000_000,
  files: 1204,
  expectedBytes: null,
  checked: null,
  lastTookMs: null,
  etaSeconds: 190,
  startedAt: '2026-03-01T11:00:00Z',
};
const drive = {
  label: 'BACKUP_1',
  luksUuid: 'u',
  present: false,
  state: 'absent',
  lastSuccess: '2026-02-26T12:00:00Z',
  overdue: false,
  nextUp: false,
  message: null,
};
const status = statusSchema.parse({
  version: 1,
  agent: 'running',
  rotation: {
    offlineCopy: { drive: 'BACKUP_1', at: '2026-02-26T12:00:00Z', ageSeconds: 259_200 },
    overdue: false,
    next: 'BACKUP_3',
    overdueDrives: ['BACKUP_3'],
  },
  key: 'loaded',
  run: null,
  updatedAt: '2026-03-01T12:00:00Z',
  pid: 1,
  pidStartTime: '1',
  drives: [
    drive,
    { ...drive, label: 'BACKUP_2', present: true, state: 'safe-to-unplug', lastSuccess: '2026-03-01T11:00:00Z' },
    { ...drive, label: 'BACKUP_3', lastSuccess: null, overdue: true, nextUp: true },
  ],
});

test('status leads with what matters and has a row for each disk', () => {
  expect(
    renderStatus({ ...status, run, warnings: [{ at: '2026-03-01T10:30:00Z', text: 'A disk did not come up.' }] }, now),
  ).toBe(
    [
      'Offline copy  3 days old, on BACKUP_1',
      'Bring next    BACKUP_3',
      'Overdue       BACKUP_3',
      'Agent         running',
      'Key           loaded',
      'Run           BACKUP_1: pulling, 43 %, 12.3 GB, 1204 files, about 3 min 10 s left',
      '',
      'Disk      State           Last backup',
      'BACKUP_1  not here        3 days ago',
      'BACKUP_2  safe to unplug  60 minutes ago',
      'BACKUP_3  not here        never           overdue; bring it next',
      'Warning, 10:30 UTC: A disk did not come up.',
    ].join('\n'),
  );
});

test('a backup that a clock ahead dated is not called fresh', () => {
  const [first] = status.drives;
  if (!first) throw new Error('no disk');
  const ahead = { ...first, lastSuccess: '2036-02-26T12:00:00Z', copyFrom: '2026-02-26T12:00:00Z' };
  const text = renderStatus({ ...status, drives: [ahead] }, now);
  expect(text).toMatch(/^BACKUP_1 .* dated 2036-02-26$/m);
  expect(text).not.toContain('0 minutes ago');
});

test('a long message stands below the table, each command on a line of its own', () => {
  const [first] = status.drives;
  if (!first) throw new Error('no disk');
  const message =
    'held: 77 % of files deleted (154). Nothing was deleted. Look at the server first. See what changed: ' +
    'extbackup approve BACKUP_1 --show. If not, put it back: extbackup rollback BACKUP_1';
  expect(renderStatus({ ...status, drives: [{ ...first, state: 'held', message }] }, now)).toContain(
    [
      'Disk      State                Last backup',
      'BACKUP_1  needs your approval  3 days ago',
      'BACKUP_1: held: 77 % of files deleted (154). Nothing was deleted. Look at the server first.',
      '  See what changed: extbackup approve BACKUP_1 --show.',
      '  If not, put it back: extbackup rollback BACKUP_1',
    ].join('\n'),
  );
});

test('nobody is asked to bring a disk that is here', () => {
  const [first] = status.drives;
  if (!first) throw new Error('no disk');
  const text = renderStatus(
    {
      ...status,
      rotation: { ...status.rotation, next: 'BACKUP_1' },
      drives: [{ ...first, present: true, nextUp: true }],
    },
    now,
  );
  expect(text).not.toMatch(/bring/i);
});

const noCopy = { offlineCopy: null, overdue: false, next: null, overdueDrives: [] };

test('an offline copy that is too old is called so', () => {
  expect(renderStatus({ ...status, rotation: { ...status.rotation, overdue: true } }, now)).toMatch(
    /^Offline copy  3 days old, on BACKUP_1; TOO OLD$/m,
  );
});

test('a copy on a plugged disk is no offline copy', () => {
  expect(renderStatus({ ...status, rotation: noCopy, drives: status.drives.slice(1) }, now)).toContain(
    'Offline copy  none: every disk with a backup is plugged in',
  );
  expect(renderStatus({ ...status, rotation: noCopy, drives: [], agent: 'stopped', key: 'missing' }, now)).toMatch(
    /none yet\n.*STOPPED.*\n.*MISSING.*\n\nNo disk is enrolled/,
  );
});

const record = aRunRecord({ filesTransferred: 12, bytesTransferred: 1_200_000, filesDeleted: 0 });
const failed = {
  ...record,
  id: 'r2',
  outcome: 'failure' as const,
  exitCode: 20,
  message: 'The disk was not released.',
  released: false,
  filesTransferred: null,
  bytesTransferred: null,
  filesDeleted: null,
};

test('history shows figures where there are any, and why a run was no success', () => {
  const worn = { ...record, verified: { files: 60, bytes: 1, damaged: 1 }, mediaErrors: 3 };
  expect(renderPast(lastEntries([worn], [], 20))).toMatch(/done .* 1 file damaged\. 3 I\/O errors\.$/m);
  expect(renderPast(lastEntries([record, failed], [], 20))).toBe(
    [
      'Started (UTC)     Disk      Result  Took        Files  Copied  Deleted',
      '2026-03-01 10:00  BACKUP_1  done    3 min 20 s  12     1.2 MB  0',
      '2026-03-01 10:00  BACKUP_1  FAILED  3 min 20 s                          The disk was not released.',
    ].join('\n'),
  );
});

test('history on a wide terminal has small bars for size and duration, relative to the longest and the largest', () => {
  const small = { ...record, tookMs: record.tookMs / 2, bytesTransferred: 300_000 };
  const wide = { columns: 120, utf8: false, colour: false };
  const lines = renderPast(lastEntries([record, small], [], 20), wide).split('\n');
  expect(lines[1]).toMatch(/ ###### 3 min 20 s +12 +###### 1\.2 MB /);
  expect(lines[2]).toMatch(/ ### {4}1 min 40 s +12 +## {5}300 kB /);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
  expect(renderPast(lastEntries([record], [], 20), { ...wide, utf8: true })).toContain('██████ 1.2 MB');
  const both = lastEntries([record, small], [], 20);
  expect(renderPast(both, { ...wide, columns: 80 })).toBe(renderPast(both));
});

const safe = (): string => 'safe to unplug';
const done = replySchema.parse({ version: 1, id: 'abcd', state: 'done', runIds: ['r1'], exitCode: 0 });

test('the end of a run tells whether its disk may be unplugged', () => {
  expect(describeEnd(done, [failed, record], safe)).toEqual({
    good: true,
    lines: ['BACKUP_1 is done, safe to unplug. 12 files copied (1.2 MB) in 3 min 20 s.'],
  });
  expect(
    describeEnd(
      { ...done, runIds: ['r2'], exitCode: 20, happened: 'It is open.', todo: 'extbackup release' },
      [failed, record],
      () => 'DO NOT UNPLUG it: open',
    ),
  ).toEqual({ good: false, lines: ['BACKUP_1: failed, DO NOT UNPLUG it: open.', 'It is open.', 'extbackup release'] });
  expect(describeEnd({ ...done, runIds: [], exitCode: 15, happened: 'Still fresh.' }, [], safe)).toEqual({
    good: true,
    lines: ['Still fresh.'],
  });
});

test('each run that was asked for is told once, in their order, and none of before', () => {
  const before = { ...record, id: 'r0' };
  const other = { ...record, id: 'r3', drive: 'BACKUP_2', pulledOut: true };
  const text = describeEnd(
    {
      ...done,
      runIds: ['r1', 'r3'],
      joinedRunIds: ['r1'],
      happened: 'BACKUP_1 is done, safe to unplug.\nBACKUP_2 is done, it was taken out.',
    },
    [before, other, record],
    safe,
  );
  expect(text.lines.map((line) => line.replace(/\. 12.*/, ''))).toEqual([
    'BACKUP_1 (it was already running) is done, safe to unplug',
    'BACKUP_2 is done, and the disk was unplugged',
  ]);
});

test('a disk that was closed and is open now is not called safe', () => {
  expect(describeEnd(done, [record], () => 'DO NOT UNPLUG it: open (mount by root)').lines[0]).toMatch(
    /^BACKUP_1 is done, DO NOT UNPLUG it: open \(mount by root\)\./,
  );
});

test('without a terminal there is one line per phase and per tenth of the pull, and none of a run of others', () => {
  const lines: string[] = [];
  const view = createLineView((line) => {
    lines.push(line);
  });
  const reply = replySchema.parse({ version: 1, id: 'abcd', state: 'queued', runIds: ['r1'] });
  view.update(undefined, status);
  view.update(reply, status);
  view.update(reply, { ...status, run: { ...run, id: 'other' } });
  for (const percent of [1, 5, 9.9, 10, 14, 100])
    view.update(reply, { ...status, run: { ...run, percent, bytes: 0, files: 0, etaSeconds: null } });
  view.update(reply, {
    ...status,
    run: { ...run, phase: 'closing', percent: null, bytes: 0, files: 0, etaSeconds: null },
  });
  expect(lines).toEqual([
    'Waiting for its turn.',
    'BACKUP_1: pulling, 1 %',
    'BACKUP_1: pulling, 10 %',
    'BACKUP_1: pulling, 100 %',
    'BACKUP_1: closing',
  ]);
});
