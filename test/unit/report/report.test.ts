import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src/records/run-record.ts';
import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import { calendarDays } from '../../../src/report/calendar.ts';
import { evidencePage } from '../../../src/report/evidence-page.ts';
import { reportFacts } from '../../../src/report/facts.ts';
import { reportPage } from '../../../src/report/report-page.ts';
import { reportText } from '../../../src/report/report-text.ts';
import { judgeReport } from '../../../src/report/verdict.ts';
import { english } from '../../../src/words/speaker.ts';
import { aDrive, aRun, aStatus } from '../../fakes/a-status.ts';

const now = new Date('2026-11-25T12:00:00Z');
const since = new Date('2026-09-01T00:00:00Z');
const rotation = {
  offlineCopy: { drive: 'BACKUP_2', at: '2026-11-20T09:00:00.000Z', ageSeconds: 0 },
  overdue: false,
  next: 'BACKUP_2',
  overdueDrives: [],
};

const record = (label: string, rest: object = {}): DriveRecord =>
  driveRecordSchema.parse({
    label,
    luksUuid: `uuid-${label}`,
    sealedId: '11111111-1111-4111-8111-111111111111',
    generation: 1,
    enrolledAt: '2026-01-01T00:00:00.000Z',
    lastSuccess: '2026-11-20T09:00:00.000Z',
    ...rest,
  });

const run = (startedAt: string, rest: Partial<RunRecord> = {}): RunRecord =>
  aRun({ id: startedAt, startedAt, endedAt: startedAt, tookMs: 65_000, ...rest });

function facts(more: { drives?: DriveRecord[]; runs?: RunRecord[]; status?: object } = {}) {
  const records = more.drives ?? [record('BACKUP_1'), record('BACKUP_2')];
  const drives = records.map(({ label }) => aDrive(label, { present: label === 'BACKUP_1' }));
  const status = aStatus({ drives, rotation, ...more.status });
  return reportFacts({ station: 'attic', now, since, status, records, runs: more.runs ?? [], words: english });
}

describe('the verdict', () => {
  it('is good when nothing is wrong, and says how old the freshest offline copy is', () => {
    expect(judgeReport(facts(), english)).toEqual({
      level: 'good',
      headline: 'The freshest offline copy is 5 days old, on BACKUP_2.',
      troubles: [],
      next: 'Bring BACKUP_2 next.',
    });
  });

  it.each([
    ['the whole rotation is overdue', { status: { rotation: { ...rotation, overdue: true } } }, 'trouble'],
    ['the agent does not run', { status: { agent: 'stopped' } }, 'trouble'],
    ['a disk is damaged', { drives: [record('BACKUP_1', { health: { damaged: 2 } })] }, 'trouble'],
    ['the key is missing', { status: { key: 'missing' } }, 'attention'],
    ['a disk is overdue', { status: { rotation: { ...rotation, overdueDrives: ['BACKUP_1'] } } }, 'attention'],
    ['a disk is lost', { drives: [record('BACKUP_1', { state: 'lost' })] }, 'attention'],
    ['there is a warning', { status: { warnings: [{ at: now.toISOString(), text: 'Look.' }] } }, 'attention'],
  ])('tells when %s', (_, more, level) => {
    const verdict = judgeReport(facts(more), english);
    expect(verdict.level).toBe(level);
    expect(verdict.troubles).toHaveLength(1);
  });

  it('does not call a retired disk with bad health trouble', () => {
    const retired = record('BACKUP_1', { state: 'retired', health: { damaged: 2 } });
    expect(judgeReport(facts({ drives: [retired] }), english).level).toBe('good');
  });
});

describe('the facts', () => {
  it('have the runs and approvals of the time that is asked for, and no others', () => {
    const approval = { by: 'dora', reason: 'moved the archive' };
    const approvals = [
      { runId: 'old', at: '2026-08-31T23:59:59.000Z', ...approval },
      { runId: 'new', at: '2026-09-01T00:00:00.000Z', ...approval },
    ];
    const found = facts({
      drives: [record('BACKUP_1', { approvals })],
      runs: [run('2026-08-31T10:00:00.000Z'), run('2026-09-02T10:00:00.000Z')],
    });
    expect(found.runs.map(({ id }) => id)).toEqual(['2026-09-02T10:00:00.000Z']);
    expect(found.approvals.map(({ runId }) => runId)).toEqual(['new']);
  });
});

describe('the pages', () => {
  const hostile = '<script>alert(1)</script>"\'&';
  const held = {
    runId: 'r',
    at: now.toISOString(),
    reason: hostile,
    counts: { created: 0, changed: 0, deleted: 9, changedBytes: 0 },
    approved: null,
  };
  const everything = {
    drives: [
      record('BACKUP_1', {
        hold: held,
        approvals: [{ runId: 'r', at: now.toISOString(), by: hostile, reason: hostile }],
      }),
      record('BACKUP_2', { restoredAt: '2026-11-21T08:00:00.000Z' }),
    ],
    runs: [run('2026-11-24T10:00:00.000Z', { outcome: 'failure', message: hostile }), run('2026-11-25T10:00:00.000Z')],
    status: { warnings: [{ at: now.toISOString(), text: hostile }] },
  };

  it.each([
    ['report', reportPage],
    ['evidence', evidencePage],
  ])('of the %s escape every text, run no script and load nothing', (_, page) => {
    const html = page({ ...facts(everything), station: hostile }, english);
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/\b(?:src|href)=|url\(|@import/);
    for (const tag of ['table', 'tr', 'td', 'th', 'svg', 'div', 'figure', 'main', 'g'])
      expect(html.split(`<${tag}`).length - html.split(new RegExp(`<${tag}[a-z]`)).length, tag).toBe(
        html.split(`</${tag}>`).length - 1,
      );
  });

  it('show a failed day among the days, with words for people who do not see it', () => {
    const html = reportPage(facts(everything), english);
    expect(html).toContain('<title>2026-11-24: failed</title>');
    expect(html).toContain('<title>2026-11-25: complete</title>');
    expect(html).toContain('<title>2026-11-23: no run</title>');
    expect(html).not.toContain('2026-11-26:'); // tomorrow
  });

  it('name the date of the last restore as evidence', () => {
    const html = evidencePage(facts(everything), english);
    expect(html).toContain('2026-11-21 08:00');
    expect(html).toContain('away from the station');
  });

  it('can be made of a station that has nothing yet', () => {
    const empty = facts({ drives: [], status: { rotation: { ...rotation, offlineCopy: null, next: null } } });
    expect(reportPage(empty, english)).toContain('There is no offline copy');
    expect(evidencePage(empty, english)).toContain('None.');
    expect(reportText(empty, english)).toContain('No disk is enrolled yet.');
  });
});

it('the text counts the runs of each disk by their end', () => {
  const runs = [
    run('2026-11-23T10:00:00.000Z', { outcome: 'held' }),
    run('2026-11-24T10:00:00.000Z', { outcome: 'failure' }),
    run('2026-11-25T10:00:00.000Z'),
  ];
  expect(reportText(facts({ runs }), english)).toContain('3 runs (1 failed, 1 stopped to ask)');
});

it('the calendar has whole weeks that end with this one', () => {
  const days = calendarDays(now, 3); // a Wednesday
  expect(days).toHaveLength(21);
  expect(days[0]?.getDay()).toBe(1);
  expect(days.at(-1)?.toISOString()).toBe('2026-11-29T00:00:00.000Z');
});
