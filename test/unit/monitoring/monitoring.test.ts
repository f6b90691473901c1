import { describe, expect, it } from 'vitest';
import { usualRotation } from '../../../src/config/rotation-setting.ts';
import { renderMetrics } from '../../../src/monitoring/metrics.ts';
import { judge } from '../../../src/monitoring/nagios.ts';
import { pluginExit } from '../../../src/monitoring/plugin-exit.ts';
import type { Status } from '../../../src/protocol/status.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import { aDrive, aRun, aStatus } from '../../fakes/a-status.ts';

const now = new Date('2026-11-29T12:00:00Z');
const judged = (status: Status) => judge(status, usualRotation, now);

describe('judge', () => {
  it('tells a good state in one line with the age of the offline copy', () => {
    const { severity, text } = judged(aStatus());
    expect(pluginExit[severity]).toBe(0);
    expect(text).toMatch(
      /^EXTBACKUP OK: offline copy BACKUP_1, 2 days old; next disk BACKUP_2 \| 'offline_copy_age'=172800s;;\d+;0 /,
    );
    expect(text).toContain("'BACKUP_1_age'=172800s;");
    expect(text).not.toContain('\n');
  });

  it('counts the age of a backup that a clock ahead dated from the one before', () => {
    const ahead = aDrive('B', { lastSuccess: '2036-01-01T00:00:00Z', copyFrom: '2026-11-19T12:00:00Z', overdue: true });
    const { text } = judged(aStatus({ drives: [ahead] }));
    expect(text).toContain("'B_age'=864000s;");
    expect(text).toContain('B is overdue: last backup 10 days ago.');
    const metrics = { rotation: usualRotation, lastRuns: [], records: [], clockIsSynchronised: true, version: '1' };
    expect(renderMetrics({ ...metrics, status: aStatus({ drives: [ahead] }) })).toContain(
      `extbackup_drive_last_success_timestamp_seconds{drive="B"} ${String(Date.parse('2026-11-19T12:00:00Z') / 1000)}\n`,
    );
  });

  it.each([
    ['the agent is stopped', aStatus({ agent: 'stopped' }), 2, 'The agent is not running'],
    ['the key is missing', aStatus({ key: 'missing' }), 1, 'The key is not loaded'],
    ['no disk is enrolled', aStatus({ drives: [] }), 1, 'No disk is enrolled'],
    [
      'a disk must not be unplugged',
      aStatus({ drives: [aDrive('B', { state: 'do-not-unplug', message: 'It is open.' })] }),
      2,
      'B: do-not-unplug. It is open.',
    ],
    [
      'a drill is due',
      aStatus({ drill: { everySeconds: 1, last: '2026-10-01T00:00:00Z', overdue: true } }),
      1,
      'The last drill was 59 days ago: extbackup drill',
    ],
    ['a run failed', aStatus({ drives: [aDrive('B', { state: 'failed', message: 'No.' })] }), 1, 'B: failed. No.'],
    ['a run is held', aStatus({ drives: [aDrive('B', { state: 'held' })] }), 1, 'B: held.'],
    [
      'a disk is overdue',
      aStatus({ drives: [aDrive('B', { overdue: true })] }),
      1,
      'B is overdue: last backup 2 days ago.',
    ],
    [
      'a disk is failing',
      aStatus({ drives: [aDrive('B', { health: ['2 files are damaged.'] })] }),
      1,
      'B: 2 files are damaged.',
    ],
    ['something is warned of', aStatus({ warnings: [{ at: now.toISOString(), text: 'A | B\nC' }] }), 1, 'A / B C'],
    [
      'the offline copy is too old',
      aStatus({ rotation: { offlineCopy: null, overdue: true, next: 'B', overdueDrives: [] } }),
      2,
      'Bring B.',
    ],
  ])('when %s', (_, status, exit, words) => {
    const { severity, text } = judged(status);
    expect([pluginExit[severity], text.split(' | ')[0]]).toEqual([exit, expect.stringContaining(words)]);
    expect(text.split('\n')[0]?.match(/\|/g)).toHaveLength(1);
  });

  it('leads with the worst finding and lists all of them', () => {
    const { text } = judged(aStatus({ key: 'missing', agent: 'stopped', drives: [aDrive('B', { overdue: true })] }));
    expect(text.split('\n').map((line) => line.split(':')[0])).toEqual([
      'EXTBACKUP CRITICAL',
      'CRITICAL',
      'WARNING',
      'WARNING',
    ]);
  });
});

describe('renderMetrics', () => {
  const run = aRun();
  const text = renderMetrics({
    status: aStatus(),
    rotation: usualRotation,
    lastRuns: [run],
    records: [],
    clockIsSynchronised: true,
    version: '1"2',
  });

  it('tells ages as times, durations in seconds and states as 0 or 1', () => {
    expect(text).toContain('extbackup_drive_last_success_timestamp_seconds{drive="BACKUP_1"} 1795780800\n');
    expect(text).toContain('extbackup_last_run_duration_seconds{drive="BACKUP_1"} 1.5\n');
    expect(text).toContain('extbackup_drive_state{drive="BACKUP_1",state="absent"} 1\n');
    expect(text).toContain('extbackup_drive_state{drive="BACKUP_1",state="running"} 0\n');
    expect(text).toContain('extbackup_info{version="1\\"2"} 1\n');
  });

  it('tells room, drill, hold and clock, as far as they are known', () => {
    const disk = driveRecordSchema.parse({
      label: 'BACKUP_1',
      luksUuid: 'u',
      sealedId: '11111111-1111-4111-8111-111111111111',
      generation: 1,
      enrolledAt: '2026-01-01T00:00:00Z',
      health: { checkedAt: '2026-11-27T12:00:00Z' },
      rooms: [{ bytes: 1000, freeBytes: 400, inodes: 0, freeInodes: 0 }],
    });
    const status = aStatus({ drives: [aDrive('BACKUP_1', { drilledAt: '2026-11-27T12:00:00Z' })] });
    const said = renderMetrics({
      ...{ status, rotation: usualRotation, records: [disk], clockIsSynchronised: false, version: '1' },
      lastRuns: [aRun({ filesTotal: 8, verified: { files: 2, bytes: 1, damaged: 0 } })],
    });
    for (const line of [
      'clock_synchronized 0',
      'drive_held{drive="BACKUP_1"} 0',
      'drive_free_bytes{drive="BACKUP_1"} 400',
      'drive_last_drill_timestamp_seconds{drive="BACKUP_1"} 1795780800',
      'drive_last_read_back_timestamp_seconds{drive="BACKUP_1"} 1795780800',
      'last_run_verified_ratio{drive="BACKUP_1"} 0.25',
    ])
      expect(said).toContain(`extbackup_${line}\n`);
    expect(said).not.toContain('inodes{'); // a file system that makes them on demand
  });

  it('has one HELP and one TYPE line for each metric, before its samples, and leaves out what is not known', () => {
    const names = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map((line) => line[1]);
    expect(new Set(names).size).toBe(names.length);
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) extbackup_[a-z_]+ |extbackup_[a-z_]+(\{[^{}]*\})? -?\d)/);
    expect(text).not.toMatch(/NaN|null|undefined|source_last_success|verified/);
  });
});
