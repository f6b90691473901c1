import { describe, expect, it } from 'vitest';
import { bigRows } from '../../../src/client/big-letters.ts';
import { consoleScreen, type ConsoleView } from '../../../src/client/console-screen.ts';
import { phaseWords } from '../../../src/protocol/phase-words.ts';
import { driveStates, type DriveStatus, type Status } from '../../../src/protocol/status.ts';
import { speakerOf } from '../../../src/words/speaker.ts';
import { aDrive, aStatus } from '../../fakes/a-status.ts';
import { englishWordsIn } from '../words/english-words.ts';

const view: ConsoleView = {
  ...{ columns: 240, rows: 67, utf8: true, station: 'estrich', contact: 'Dora, +41 44 000 00 00' },
  ...{ words: speakerOf('de'), now: new Date(2026, 10, 29, 12, 5) },
};
const screen = (status: Status | undefined, more: Partial<ConsoleView> = {}): string =>
  consoleScreen(status, { ...view, ...more }).replace(/\u001B\[[\d;]*m/g, '');

const run = (phase: string): Status['run'] => ({
  ...{ id: 'r', drive: 'D_1', phase, percent: null, bytes: 1.5e9, files: 12_073, expectedBytes: 3e9, checked: 42.5 },
  ...{ lastTookMs: null, etaSeconds: 200, startedAt: '2026-11-29T11:00:00Z' },
});
const here = (state: DriveStatus['state'], more: Partial<DriveStatus> = {}): Status =>
  aStatus({
    drives: [aDrive('D_1', { present: true, state, message: 'Xyzzy plugh.', ...more }), aDrive('D_2')],
    rotation: { offlineCopy: null, overdue: true, next: 'D_2', overdueDrives: [] },
  });

/** Every state, phase and line that a screen can have. */
const all: readonly (Status | undefined)[] = [
  undefined,
  { ...here('absent'), drives: [] },
  ...driveStates.flatMap((state) => [
    here(state),
    here(state, { parked: true, code: 'EXB_DISK_FULL' }),
    here(state, { present: false, poweredOff: true }),
  ]),
  ...Object.keys(speakerOf('en').catalogue.messages)
    .filter((name) => name.startsWith('phase.'))
    .map((name) => ({ ...here('running'), run: run(name.slice('phase.'.length)) })),
  { ...here('idle'), paused: { until: '2026-11-30T13:30:00Z', by: 'dora' } },
  { ...here('waiting-for-key'), key: 'missing' },
  { ...here('absent'), warnings: [{ at: '2026-11-29T12:00:00Z', text: 'x', unused: true }] },
  { ...here('absent'), noticed: [{ at: '2026-11-29T12:00:00Z', usbSerial: 'S1', drive: null }] },
  { ...here('absent'), noticed: [{ at: '2026-11-29T12:00:00Z', usbSerial: 'S1', drive: 'D_2' }] },
];

describe('the German screen', () => {
  it('has no English word of the catalogue, whatever it shows; the English one is full of them', () => {
    for (const status of all) expect(englishWordsIn(screen(status))).toEqual([]);
    for (const status of all)
      expect(englishWordsIn(screen(status, { words: speakerOf('en') })).length).toBeGreaterThan(3);
  });

  it('is filled in every size, and not one letter more, with and without UTF-8', () => {
    for (const [columns, rows] of [
      [80, 24],
      [40, 12],
      [20, 5],
    ] as const)
      for (const utf8 of [true, false])
        for (const status of all) {
          const lines = screen(status, { columns, rows, utf8 }).split('\r\n');
          expect(lines).toHaveLength(rows);
          for (const line of lines) expect(line).toHaveLength(columns);
        }
  });

  it('says what a notice says, in big letters where they fit, and in shorter ones otherwise', () => {
    const bigOf = (columns: number, rows: number): string =>
      consoleScreen(here('do-not-unplug'), { ...view, columns, rows })
        .replace(/\u001B\[7m( +)\u001B\[27m/g, (_, points: string) => '#'.repeat(points.length))
        .replace(/\u001B\[[\d;]*m/g, '');
    const first = (text: string): string => bigRows(text)[0]?.trimEnd() ?? '';
    expect(bigOf(240, 67)).toContain(first('NICHT AUSSTECKEN'));
    expect(bigOf(80, 24)).not.toContain(first('NICHT AUSSTECKEN'));
    expect(bigOf(80, 24)).toContain(first('NICHT ABZIEHEN'));
    for (const columns of [80, 240])
      expect(screen(here('do-not-unplug'), { columns, rows: 24 })).toContain('D_1: NICHT AUSSTECKEN');
    expect(screen(here('safe-to-unplug'), { columns: 80, rows: 24 })).toContain('D_1: DARF AUSGESTECKT WERDEN');
  });

  it('shows a run, times and figures as a German reader expects them', () => {
    const shown = screen({ ...here('running', { message: null }), run: run('pulling') });
    expect(shown).toContain('Sicherungsstation estrich');
    expect(shown).toContain('29.11.2026 12:05');
    expect(shown).toContain(
      'D_1: Kopieren, 1,5 GB von etwa 3 GB, 12\u00A0073 Dateien, 42 % der Namen angesehen, noch etwa 3 min 20 s',
    );
    expect(shown).toContain('Hilfe: Dora, +41 44 000 00 00');
  });

  it('tells the reason of a state as English details, unless the screen says it already', () => {
    expect(screen(here('failed'))).toMatch(/D_1: FEHLGESCHLAGEN +\r\nEinzelheiten \(englisch\): Xyzzy plugh\./);
    expect(screen(here('failed', { code: 'EXB_DISK_FULL' }))).toMatch(
      /D_1: FEHLGESCHLAGEN\. Die Platte ist voll\. +\r\nEinzelheiten \(englisch\): Xyzzy plugh\./,
    );
    expect(screen({ ...here('waiting-for-key'), key: 'missing' })).not.toContain('Xyzzy');
  });

  it('has ae, oe and ue on a terminal without UTF-8, and umlauts with it', () => {
    const status = { ...here('running'), run: run('opening') };
    expect(screen(status)).toContain('D_1: Öffnen');
    const contact = 'Zoë Müller – 044';
    const shown = screen(status, { utf8: false, contact, words: speakerOf('de') });
    expect(shown).toContain('D_1: Oeffnen');
    expect(shown).toContain('12 073 Dateien');
    expect(shown).toContain('Hilfe: Zo? Mueller - 044');
    expect(shown).not.toMatch(/[^\x00-\x7f]/);
    expect(screen(undefined, { utf8: false })).toContain('LAEUFT NICHT');
  });

  it('calls each phase by a German name, and an unknown one by its own', () => {
    expect(phaseWords('closing', speakerOf('de'))).toBe('Schliessen');
    expect(phaseWords('later', speakerOf('de'))).toBe('later');
  });
});
