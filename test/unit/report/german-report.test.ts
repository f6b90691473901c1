import { describe, expect, it } from 'vitest';
import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import type { RunRecord } from '../../../src/records/run-record.ts';
import { evidencePage } from '../../../src/report/evidence-page.ts';
import { reportFacts, type ReportFacts } from '../../../src/report/facts.ts';
import { fleetPage, fleetText } from '../../../src/report/fleet-page.ts';
import { judgeStation } from '../../../src/report/fleet.ts';
import { reportPage } from '../../../src/report/report-page.ts';
import { reportText } from '../../../src/report/report-text.ts';
import type { Language } from '../../../src/words/languages.ts';
import { speakerOf, type Speaker } from '../../../src/words/speaker.ts';
import { aDrive, aRun, aStatus } from '../../fakes/a-status.ts';
import { englishWordsIn, textOfPage } from '../words/english-words.ts';

const now = new Date(2026, 10, 25, 12);
const since = new Date(2026, 8, 1);
const at = '2026-11-20T09:00:00.000Z';
const details = 'Xyzzy plugh.';

const record = (label: string, rest: object = {}): DriveRecord =>
  driveRecordSchema.parse({
    ...{ label, luksUuid: label, sealedId: '11111111-1111-4111-8111-111111111111', generation: 1 },
    ...{ enrolledAt: '2026-01-01T00:00:00.000Z', lastSuccess: at, bytesTotal: 1.5e12, capacityBytes: 4e12, ...rest },
  });
const room = (freeBytes: number) => ({ bytes: 1000, freeBytes, inodes: 0, freeInodes: 0 });
const hold = {
  ...{ runId: 'r', at, reason: details, approved: null },
  counts: { created: 0, changed: 0, deleted: 9, changedBytes: 0 },
};

const records = [
  record('D_1', {
    ...{ hold, health: { damaged: 2, mediaErrors: 1, smart: 'failing' } },
    approvals: [{ runId: 'r', at, by: 'dora', reason: details }],
  }),
  record('D_2', {
    health: { smart: 'warning', smartRemarks: [details], checkedAt: at },
    drilledAt: at,
    restoredAt: at,
  }),
  record('D_3', { health: { smart: 'passed' }, rooms: [room(300), room(200), room(100)], lastSuccess: null }),
  record('D_4', { rooms: [room(300), room(150), room(0)] }),
  record('D_5', { state: 'lost' }),
  record('D_6', { state: 'retired' }),
];
const runs = (['success', 'gaps', 'held', 'failure', 'cancelled'] as const).flatMap((outcome, index): RunRecord[] =>
  [null, outcome === 'failure' ? 'EXB_NETWORK' : null].map((code) =>
    aRun({
      ...{ id: 'r', drive: 'D_1', outcome, code, message: details, startedAt: `2026-11-1${index}T10:00:00.000Z` },
    }),
  ),
);
const set = (name: string, drive: string | null) => ({
  ...{ name, drives: ['D_1'], overdue: true, next: 'D_2', overdueDrives: ['D_2'] },
  offlineCopy: drive === null ? null : { drive, at, ageSeconds: 0 },
  sources: [{ name: 'office', offlineCopy: null, overdue: true }],
});
const rotation = {
  offlineCopy: { drive: 'D_2', at, ageSeconds: 0 },
  ...{ overdue: true, next: 'D_2', overdueDrives: ['D_1', 'D_2'] },
};

/** Stations with everything that a report can say. */
const troubles = {
  ...({ agent: 'stopped', key: 'missing' } as const),
  drill: { everySeconds: 1, last: null, overdue: true },
  warnings: [{ at, text: details }],
  channels: [{ name: 'ntfy', undelivered: 1, heldBack: 0, since: at, error: details }],
};
const statuses = [
  aStatus({ ...troubles, rotation }),
  aStatus({ ...troubles, rotation: { ...rotation, offlineCopy: null, next: null } }),
  aStatus({ ...troubles, rotation: { ...rotation, sets: [set('daily', 'D_2'), set('big', null)] } }),
].map((status) => ({
  ...status,
  drives: [
    aDrive('D_1', { present: true, state: 'held', health: [details] }),
    aDrive('D_2', { state: 'failed', overdue: true }),
  ],
}));

function everyPage(language: Language): Record<string, string> {
  const words = speakerOf(language);
  const factsOf = (status: (typeof statuses)[number], disks = records, past = runs): ReportFacts =>
    reportFacts({ station: 'estrich', now, since, status, records: disks, runs: past, words });
  const stations = [...statuses, undefined].map((status) => judgeStation('estrich', status, now, words));
  const fine = [judgeStation('estrich', { ...aStatus(), drives: [], updatedAt: now.toISOString() }, now, words)];
  const made = statuses.flatMap((status, index) => [
    [`page ${index}`, reportPage(factsOf(status), words)],
    [`text ${index}`, reportText(factsOf(status), words)],
    [`evidence ${index}`, evidencePage(factsOf(status), words)],
    [`empty page ${index}`, reportPage(factsOf(status, [], []), words)],
    [`empty text ${index}`, reportText(factsOf(status, [], []), words)],
    [`empty evidence ${index}`, evidencePage(factsOf(status, [], []), words)],
  ]);
  return Object.fromEntries([
    ...made,
    ['fleet', fleetPage(stations, now, words)],
    ['fleet text', fleetText(stations, now, words)],
    ['good fleet', fleetText(fine, now, words).replaceAll('BACKUP_', 'D_')],
  ]) as Record<string, string>;
}

describe('in German, each report', () => {
  const pages = everyPage('de');

  it.each(Object.keys(pages))('has no English word of the catalogue, %s', (name) => {
    expect(englishWordsIn(textOfPage(pages[name] ?? ''))).toEqual([]);
    expect(englishWordsIn(textOfPage(everyPage('en')[name] ?? '')).length).toBeGreaterThan(5);
  });

  it('says that it is German, for readers aloud; the English one says English', () => {
    const languagesOf = (made: Record<string, string>): Set<string | undefined> =>
      new Set(
        Object.values(made).flatMap((page) => (page.startsWith('<') ? [/<html lang="(\w+)">/.exec(page)?.[1]] : [])),
      );
    expect(languagesOf(pages)).toEqual(new Set(['de']));
    expect(languagesOf(everyPage('en'))).toEqual(new Set(['en']));
  });

  it('has dates, figures and days as a German reader expects them', () => {
    const page = pages['page 0'] ?? '';
    expect(page).toContain('01.09.2026 bis 25.11.2026 12:00');
    expect(page).toContain('1,5 TB');
    expect(page).toContain('<title>13.11.2026: fehlgeschlagen</title>');
    for (const name of ['Mo', 'Mi', 'Fr', 'So']) expect(page).toContain(`>${name}</text>`);
    expect(page).toMatch(/Die frischeste Kopie ausser Haus ist \d Tage alt, auf D_2\./);
    expect(pages['text 0']).toContain('Sicherungen von estrich seit 01.09.2026');
    expect(pages['text 0']).toMatch(
      /10 Läufe \(2 fehlgeschlagen, 2 angehalten, 2 vollständig bis auf einige Dateien\)/,
    );
  });

  it('explains a failed run in German, with the English details', () => {
    expect(pages['page 0']).toContain(
      'Der Server war nicht erreichbar, oder die Verbindung brach ab. Einzelheiten (englisch): Xyzzy plugh.',
    );
  });
});

it('in English, a report says what the program said', () => {
  const words: Speaker = speakerOf('en');
  const [status] = statuses;
  if (status === undefined) throw new Error('no status');
  const page = reportPage(reportFacts({ station: 's', now, since, status, records, runs, words }), words);
  expect(page).toContain('<td>Xyzzy plugh.</td>');
  expect(page).toContain('2 files damaged, 1 I/O error in its last run, SMART: FAILING');
  expect(page).toContain('2026-09-01 to 2026-11-25 12:00');
});
