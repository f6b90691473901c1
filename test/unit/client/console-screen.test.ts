import { describe, expect, it } from 'vitest';
import { bigRows, widthOf } from '../../../src/client/big-letters.ts';
import { consoleScreen } from '../../../src/client/console-screen.ts';
import { consoleVerdict } from '../../../src/client/console-verdict.ts';
import { driveStates, type DriveStatus, type Status } from '../../../src/protocol/status.ts';
import { ignoredNames } from '../../../src/words/catalogue.ts';
import { languages } from '../../../src/words/languages.ts';
import { speakerOf } from '../../../src/words/speaker.ts';
import { aDrive, aStatus } from '../../fakes/a-status.ts';

const view = {
  columns: 80,
  rows: 24,
  station: 'attic',
  contact: 'Dora, +41 44 000 00 00',
  utf8: true,
  words: speakerOf('en'),
  now: new Date('2026-11-29T12:00:00Z'),
};
const here = (state: DriveStatus['state'], more: Partial<DriveStatus> = {}): Status =>
  aStatus({ drives: [aDrive('BACKUP_1', { present: true, state, ...more }), aDrive('BACKUP_2')] });
const lines = (status: Status | undefined, more = {}): string[] =>
  consoleScreen(status, { ...view, ...more })
    .replace(/\u001B\[[\d;]*m/g, '')
    .split('\r\n');

describe('the verdict', () => {
  it.each([
    ['safe-to-unplug', 'safe', 'safe'],
    ['running', 'no', 'unsafe'],
    ['queued', 'no', 'unsafe'],
    ['open', 'no', 'unsafe'],
    ['do-not-unplug', 'no', 'unsafe'],
    ['held', 'held', 'trouble'],
    ['failed', 'failed', 'trouble'],
    ['waiting-for-key', 'waiting', 'trouble'],
    ['waiting-for-server', 'waiting', 'trouble'],
    ['waiting-for-device', 'waiting', 'trouble'],
    ['idle', 'closed', 'quiet'],
  ] as const)('of a disk that is %s is %s', (state, word, level) => {
    expect(consoleVerdict(here(state))).toEqual({ word, level, label: 'BACKUP_1' });
  });

  it('never is safe while one disk must stay in, or goes on by itself', () => {
    const safe = aDrive('A', { present: true, state: 'safe-to-unplug' });
    for (const state of driveStates.filter((one) => !['absent', 'idle', 'safe-to-unplug'].includes(one)))
      expect(consoleVerdict(aStatus({ drives: [safe, aDrive('B', { present: true, state })] })).level, state).not.toBe(
        'safe',
      );
    expect(consoleVerdict(here('waiting-for-server', { goesOn: true })).word).toBe('no');
    const pulledOut = aDrive('B', { present: false, state: 'do-not-unplug' });
    expect(consoleVerdict(aStatus({ drives: [safe, pulledOut] })).word).toBe('no');
  });

  it('of a disk that was plugged in a moment ago is that it was noticed, unless another one must stay in', () => {
    const noticed = [{ at: '2026-11-29T12:00:00Z', usbSerial: 'S1', drive: 'BACKUP_2' }];
    const safe = here('safe-to-unplug');
    expect(consoleVerdict({ ...safe, noticed })).toEqual({ word: 'noticed', level: 'quiet', label: 'BACKUP_2' });
    expect(consoleVerdict({ ...here('running'), noticed }).word).toBe('no');
    expect(lines({ ...safe, noticed }).join('\n')).toContain('BACKUP_2 was plugged in and is starting up.');
  });

  it('of a pause is that nothing starts, unless a disk is open, runs or is safe', () => {
    const paused = { until: '2026-11-29T13:30:00Z', by: 'dora' };
    expect(consoleVerdict({ ...here('idle', { goesOn: true }), paused })).toEqual({
      word: 'paused',
      level: 'trouble',
      label: 'BACKUP_1',
    });
    for (const state of ['open', 'do-not-unplug', 'running', 'queued'] as const)
      expect(consoleVerdict({ ...here(state, { goesOn: true }), paused }).word, state).toBe('no');
    expect(consoleVerdict({ ...here('safe-to-unplug'), paused }).word).toBe('safe');
    expect(consoleVerdict(here('idle', { goesOn: true })).word).toBe('no'); // without a pause, it begins at once
    expect(lines({ ...aStatus(), paused }).join('\n')).toMatch(/Paused until \d\d:\d\d .*no run starts by itself/);
  });

  it('of a disk that is not used gives way to every disk of the rotation', () => {
    const warnings = [{ at: '2026-11-29T11:00:00Z', text: 'A foreign disk.', unused: true as const }];
    expect(consoleVerdict(aStatus({ warnings }))).toEqual({ word: 'unused', level: 'trouble', label: '' });
    expect(lines(aStatus({ warnings })).join('\n')).toContain('A disk is plugged in that is not used.');
    const [warning] = warnings;
    const twice = ['no-luks', 'no-luks', 'not-enrolled'].map((why) => ({ ...warning, why }));
    expect(lines(aStatus({ warnings: twice } as Partial<Status>)).filter((line) => /encrypted/.test(line))).toEqual([
      expect.stringMatching(/without its encrypted volume. Write nothing on it/),
      expect.stringMatching(/does not belong to this station/),
    ]);
    expect(consoleVerdict({ ...here('safe-to-unplug'), warnings })).toMatchObject({ word: 'safe', label: 'BACKUP_1' });
    expect(consoleVerdict({ ...here('running'), warnings }).word).toBe('no');
    expect(consoleVerdict(aStatus({ warnings: [{ at: '2026-11-29T11:00:00Z', text: 'The clock.' }] })).word).toBe(
      'ready',
    );
  });

  it.each(languages)('tells nobody in %s to take out a disk that is not used: another one may be open', (language) => {
    const words = speakerOf(language);
    for (const name of ignoredNames) {
      expect(words.say(`unused.${name}`)).not.toMatch(/take|remov|unplug|aussteck|heraus|entfern/i);
      expect(words.say(`unused.${name}`).length, name).toBeLessThanOrEqual(80);
    }
  });

  it('of a copy that is too old is that a disk is missed, unless the next one is here', () => {
    const rotation = { ...aStatus().rotation, overdue: true, next: 'BACKUP_2' };
    expect(consoleVerdict(aStatus({ rotation }))).toEqual({ word: 'overdue', level: 'trouble', label: '' });
    expect(consoleVerdict({ ...here('idle'), rotation }).word).toBe('overdue');
    expect(consoleVerdict({ ...here('idle'), rotation: { ...rotation, next: 'BACKUP_1' } }).word).toBe('closed');
    expect(consoleVerdict({ ...here('safe-to-unplug'), rotation }).word).toBe('safe');
    const set = { name: 'big', drives: [], offlineCopy: null, overdueDrives: [], sources: [] };
    const sets = [
      { ...set, overdue: false, next: 'BACKUP_1' },
      { ...set, overdue: true, next: 'BACKUP_2' },
    ];
    expect(consoleVerdict(aStatus({ rotation: { ...aStatus().rotation, sets } })).word).toBe('overdue');
  });

  it('is trouble without an agent, and quiet without a disk', () => {
    expect(consoleVerdict(undefined).level).toBe('trouble');
    expect(consoleVerdict(aStatus())).toEqual({ word: 'ready', level: 'quiet', label: '' });
  });
});

describe('the screen', () => {
  it.each([
    [80, 24],
    [40, 12],
    [20, 5],
    [240, 67],
  ])('of %i columns and %i rows is filled, and not one letter more', (columns, rows) => {
    for (const status of [undefined, ...driveStates.map((state) => here(state, { message: 'x'.repeat(300) }))]) {
      const shown = lines(status, { columns, rows });
      expect(shown).toHaveLength(rows);
      for (const line of shown) expect(line).toHaveLength(columns);
    }
  });

  it.each(languages)('has in %s every big word in letters that exist, and that fit into 80 columns', (language) => {
    const words = speakerOf(language);
    const all = Object.entries(words.catalogue.messages).filter(([name]) => name.startsWith('big.'));
    expect(all).toHaveLength(12);
    for (const [, word] of all) {
      expect(word.length, word).toBeLessThanOrEqual(14);
      expect(widthOf(word), word).toBeLessThanOrEqual(80);
      for (const letter of word.replaceAll(' ', '')) expect(bigRows(letter).join(''), letter).toContain('#');
    }
    expect(new Set(all.map(([, word]) => word)).size).toBe(all.length);
  });

  it('names the disk, the next disk, whom to call, and says the verdict in plain words, too', () => {
    const shown = lines(here('safe-to-unplug')).join('\n');
    expect(shown).toContain('BACKUP_1: SAFE TO UNPLUG');
    expect(shown).toContain('Bring next: BACKUP_2');
    expect(shown).toContain('Who to call: Dora, +41 44 000 00 00');
    expect(shown).toContain('Backup station attic');
  });

  it.each(['held', 'failed'] as const)('says of a closed disk that is %s that it may be taken out', (state) => {
    expect(lines(here(state)).join('\n')).toContain('BACKUP_1 is closed: it may be taken out.');
    expect(lines(here(state, { goesOn: true })).join('\n')).not.toContain('BACKUP_1 is closed');
  });

  it.each(['waiting-for-key', 'waiting-for-server', 'waiting-for-device'] as const)(
    'says DO NOT UNPLUG of a disk that is %s, because the agent opens it by itself, and why it waits',
    (state) => {
      const shown = lines(here(state, { goesOn: true })).join('\n');
      expect(shown).toContain('BACKUP_1: DO NOT UNPLUG');
      expect(shown).toMatch(/BACKUP_1: waiting for/);
      expect(shown).not.toContain('closed');
    },
  );

  it.each(['running', 'queued', 'open', 'do-not-unplug'] as const)(
    'says of no disk that is %s that it is closed',
    (state) => {
      expect(lines(here(state)).join('\n')).not.toContain('closed');
    },
  );

  it('shows how far a run is', () => {
    const run = {
      id: 'r',
      drive: 'BACKUP_1',
      phase: 'pulling',
      percent: 50,
      bytes: 1e9,
      files: 10,
      expectedBytes: null,
      checked: null,
      lastTookMs: null,
      etaSeconds: 60,
      startedAt: '2026-11-29T11:00:00Z',
    };
    const shown = lines({ ...here('running'), run }).join('\n');
    expect(shown).toContain('BACKUP_1: pulling, 50 %');
    expect(shown).toContain(`[${'#'.repeat(25)}${'-'.repeat(25)}]`);
  });

  it('lets no character of a message reach the terminal', () => {
    const shown = consoleScreen(here('failed', { message: 'a\u001B[2Jb\u0007c\u202Ed' }), view);
    expect(shown).not.toMatch(/\u001B\[2J|\u0007|\u202E/);
  });

  it('cuts off facts rather than the verdict when there are many disks', () => {
    const drives = Array.from({ length: 30 }, (_, index) =>
      aDrive(`B${index}`, { present: true, state: 'safe-to-unplug' }),
    );
    const shown = lines(aStatus({ drives }));
    expect(shown).toHaveLength(24);
    expect(shown.join('\n')).toContain('SAFE TO UNPLUG');
  });
});
