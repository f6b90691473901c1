import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { sourcesFor } from '../../../src/config/sources.ts';
import { judge } from '../../../src/monitoring/nagios.ts';
import { renderMetrics } from '../../../src/monitoring/metrics.ts';
import { renderStatus } from '../../../src/client/status-text.ts';
import { reportFacts } from '../../../src/report/facts.ts';
import { judgeReport } from '../../../src/report/verdict.ts';
import { describeRotation, planRotation } from '../../../src/records/rotation.ts';
import { groupsOf, movedSources } from '../../../src/records/sets.ts';
import { sourcesOfDisk } from '../../../src/records/source-record.ts';
import type { DriveRecord } from '../../../src/records/drive-record.ts';
import { english } from '../../../src/words/speaker.ts';
import { aDrive, aStatus } from '../../fakes/a-status.ts';
import { aDisk } from '../client/a-disk.ts';

const head = `key: {derivation: sha512}
sources:
  - {name: office, source: a@b:office}
  - {name: photos, source: a@b:photos}
  - {name: films, source: a@b:films}
`;
const settings = (sets: string, rest = '') => parseConfig(`${head}rotation: {sets: ${sets}${rest}}`, 'file');
const two =
  '[{name: daily, drives: [A1, A2], sources: [office]}, {name: big, drives: [B1, B2], sources: [films, photos]}]';
const { rotation } = settings(two);

const now = new Date('2026-03-01T00:00:00Z');
/** The record of a disk with the last success of each source. */
const disk = (label: string, lastSuccess: string | null, sources: Record<string, string | null> = {}): DriveRecord =>
  aDisk(label, {
    lastSuccess,
    sources: Object.fromEntries(
      Object.entries(sources).map(([name, at]) => [
        name,
        { lastSuccess: at, lastError: null, filesTotal: 1, bytesTotal: 1 },
      ]),
    ),
  });
const statusOf = (records: readonly DriveRecord[]) => {
  const places = planRotation(records, rotation, now);
  return records.map((record) =>
    aDrive(record.label, {
      enrolledAt: record.enrolledAt,
      lastSuccess: record.lastSuccess,
      ...sourcesOfDisk(record),
      ...places.get(record.label),
    }),
  );
};
const [fresh, older, old] = ['2026-02-27T00:00:00Z', '2026-02-25T00:00:00Z', '2026-01-10T00:00:00Z'];
const good = [
  disk('A1', fresh, { office: fresh }),
  disk('A2', older, { office: older }),
  disk('B1', fresh, { films: fresh, photos: fresh }),
  disk('B2', older, { films: older, photos: older }),
];

describe('the settings of sets', () => {
  it('give a disk the sources of its set, in the order of the settings, and none to a disk of no set', () => {
    const names = (label: string) => sourcesFor(settings(two), label).map(({ name }) => name);
    expect([names('A2'), names('B1'), names('C')]).toEqual([['office'], ['photos', 'films'], []]);
    expect(sourcesFor(parseConfig(head, 'file'), 'C')).toHaveLength(3);
  });

  it.each([
    ['[]', /rotation.sets: must have at least one entry/],
    [
      '[{name: x, drives: [A], sources: [office, photos]}]',
      /rotation.sets: must have every source: no disk would take films/,
    ],
    [
      '[{name: x, drives: [A], sources: [office, photos, films, mail]}]',
      /sets.0.sources.3: is not the name of a source \(office, photos, films\)/,
    ],
    ['[{name: x, drives: [A, B, A], sources: [office, photos, films]}]', /sets.0.drives.2: is in a set already/],
    [
      '[{name: x, drives: [A], sources: [office, photos]}, {name: y, drives: [A], sources: [films]}]',
      /sets.1.drives.0: is in a set already/,
    ],
    [
      '[{name: x, drives: [A], sources: [office, photos]}, {name: x, drives: [B], sources: [films]}]',
      /sets.1.name: is the name of an earlier set/,
    ],
    ['[{name: x, drives: [], sources: [office, photos, films]}]', /sets.0.drives: must name at least one disk/],
  ])('%s are refused', (sets, words) => {
    expect(() => settings(sets)).toThrow(words);
  });

  it('need sources', () => {
    expect(() =>
      parseConfig(
        'key: {derivation: sha512}\nsource: a@b\nrotation: {sets: [{name: x, drives: [A], sources: [y]}]}',
        'file',
      ),
    ).toThrow(/rotation.sets: needs sources/);
  });
});

describe('the rotation of sets', () => {
  it('has a disk to bring next in each set', () => {
    const next = [...planRotation(good, rotation, now)].filter(([, { nextUp }]) => nextUp).map(([label]) => label);
    expect(next).toEqual(['A2', 'B2']);
    expect(planRotation(good, rotation, now, new Set(['A2'])).get('A1')?.nextUp).toBe(true);
  });

  it('has no place for a disk of no set', () => {
    expect(planRotation([...good, disk('C', null)], rotation, now).get('C')).toEqual({ overdue: false, nextUp: false });
  });

  it('counts a disk as old as its oldest source, and as never filled while one is missing', () => {
    const [daily, big] = groupsOf(
      [disk('A1', fresh), disk('B1', fresh, { films: fresh, photos: old }), disk('B2', fresh, { films: fresh })],
      rotation,
    );
    expect(daily?.disks.map(({ lastSuccess }) => lastSuccess)).toEqual([null]);
    expect(big?.disks.map(({ lastSuccess }) => lastSuccess)).toEqual([old, null]);
  });

  it('is as good as its worst set, and tells each set and each source', () => {
    const whole = describeRotation(statusOf(good), rotation, {}, now);
    expect(whole).toMatchObject({ overdue: false, next: 'A2', offlineCopy: { at: fresh } });
    const late = [
      ...good.slice(0, 2),
      disk('B1', old, { films: old, photos: old }),
      disk('B2', fresh, { films: fresh }),
    ];
    const { sets, ...all } = describeRotation(statusOf(late), rotation, {}, now);
    expect(all).toMatchObject({ overdue: true, next: 'B2', offlineCopy: { drive: 'B1', at: old } });
    expect(sets?.map(({ name, overdue, next }) => [name, overdue, next])).toEqual([
      ['daily', false, 'A2'],
      ['big', true, 'B2'],
    ]);
    expect(sets?.[1]?.sources.map((source) => [source.name, source.offlineCopy?.drive, source.overdue])).toEqual([
      ['films', 'B2', false],
      ['photos', 'B1', true],
    ]);
  });

  it('without sets knows nothing of them', () => {
    expect(describeRotation(statusOf(good), { offline: rotation.offline }, {}, now)).not.toHaveProperty('sets');
  });
});

describe('a source that was moved to another set', () => {
  const moved = settings(
    '[{name: daily, drives: [A1, A2], sources: [office, photos]}, {name: big, drives: [B1, B2], sources: [films]}]',
  ).rotation;

  it('is told until a disk of that set has a copy', () => {
    expect(movedSources(good, rotation)).toEqual([]);
    expect(movedSources(good, moved)).toEqual([
      { source: 'photos', sets: ['daily'], drives: ['A1', 'A2'], left: { drive: 'B1', at: fresh } },
    ]);
    const copied = [disk('A1', fresh, { office: fresh, photos: fresh }), ...good.slice(1)];
    expect(movedSources(copied, moved)).toEqual([]);
  });

  it('makes its new set one without a complete copy: no fresh disk hides that', () => {
    const { sets } = describeRotation(statusOf(good), moved, {}, now);
    expect(sets?.[0]).toMatchObject({ offlineCopy: null, overdue: true });
    expect(planRotation(good, moved, now).get('A1')?.overdue).toBe(true);
  });

  it('that is new and has no copy anywhere is not called moved', () => {
    expect(movedSources([disk('A1', fresh, { office: fresh })], rotation)).toEqual([]);
  });
});

describe('a report', () => {
  it('names each set, what is too old, and the disks to bring', () => {
    const records = [
      ...good.slice(0, 2),
      disk('B1', old, { films: old, photos: old }),
      disk('B2', fresh, { films: fresh }),
    ];
    const drives = statusOf(records);
    const status = aStatus({ drives, rotation: describeRotation(drives, rotation, {}, now) });
    const facts = reportFacts({ station: 's', now, since: now, status, records, runs: [], words: english });
    const verdict = judgeReport(facts, english);
    expect(verdict.headline).toBe(
      'The freshest offline copy of the set daily is 2 days old, on A1. ' +
        'The freshest offline copy of the set big is 50 days old, on B1.',
    );
    expect(verdict.troubles[0]).toBe('The freshest offline copy of the set big is older than the settings allow.');
    expect(verdict.next).toBe('Bring A2 and B2 next.');
    expect(facts.disks.filter((one) => one.next).map(({ label }) => label)).toEqual(['A2', 'B2']);
  });
});

describe('people and programs', () => {
  const late = [...good.slice(0, 2), disk('B1', old, { films: old, photos: old }), disk('B2', fresh, { films: fresh })];
  const drives = statusOf(late);
  const status = aStatus({ drives, rotation: describeRotation(drives, rotation, {}, now) });

  it('see each set in the status', () => {
    const lines = renderStatus(status, now).split('\n').slice(0, 6);
    expect(lines).toEqual([
      'Set daily: 2 days old, on A1',
      '  Bring next  A2',
      'Set big: 50 days old, on B1; TOO OLD',
      '  photos: 50 days old, on B1',
      '  Bring next  B2',
      expect.stringMatching(/^ {2}Overdue +B1, B2$/) as string,
    ]);
  });

  it('see each set in check and in the metrics', () => {
    const { severity, text } = judge(status, rotation, now);
    expect(severity).toBe('critical');
    expect(text).toContain('The freshest offline copy of the set big is too old: B1, 50 days old. Bring B2.');
    expect(text).toContain("'daily_offline_copy_age'=172800s;;1209600;0");
    const metrics = renderMetrics({
      status,
      rotation,
      lastRuns: [],
      records: [],
      clockIsSynchronised: true,
      version: '1',
    });
    expect(metrics).toContain('extbackup_set_overdue{set="big"} 1\n');
    expect(metrics).toContain('extbackup_set_overdue{set="daily"} 0\n');
    expect(metrics).toContain(
      `extbackup_set_source_offline_copy_timestamp_seconds{set="big",source="films"} ${Date.parse(fresh) / 1000}\n`,
    );
    expect(metrics).toContain('extbackup_drive_next{drive="A2"} 1\n');
    expect(metrics).toContain('extbackup_drive_next{drive="B2"} 1\n');
  });

  it('see in check a source that its set has no copy of, before the set is overdue', () => {
    const young = [disk('A1', fresh, { office: fresh }), aDisk('B1', { lastSuccess: fresh, enrolledAt: older })];
    const all = statusOf(young);
    const { severity, text } = judge(
      aStatus({ drives: all, rotation: describeRotation(all, rotation, {}, now) }),
      rotation,
      now,
    );
    expect(severity).toBe('warning');
    expect(text).toContain('The set big has no offline copy of films, photos. Bring B1.');
  });
});
