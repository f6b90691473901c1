import { describe, expect, it } from 'vitest';
import { speakerOf } from '../../../src/words/speaker.ts';

const [en, de] = [speakerOf('en'), speakerOf('de')];
const nbsp = '\u00A0';

it.each([
  [1, '1 file', '1 Datei'],
  [0, '0 files', '0 Dateien'],
  [9_999, '9999 files', '9999 Dateien'],
  [12_073, '12,073 files', `12${nbsp}073 Dateien`],
  [1_234_567, '1,234,567 files', `1${nbsp}234${nbsp}567 Dateien`],
])('counts %d', (number, english, german) => {
  expect([en.count(number, 'file'), de.count(number, 'file')]).toEqual([english, german]);
});

it.each([
  [999, '999 B', '999 B'],
  [1_234_000, '1.23 MB', '1,23 MB'],
  [9e9, '9 GB', '9 GB'],
])('measures %d bytes', (bytes, english, german) => {
  expect([en.size(bytes), de.size(bytes)]).toEqual([english, german]);
});

it.each([
  [1_000, '1 second', '1 Sekunde'],
  [119_000, '119 seconds', '119 Sekunden'],
  [120_000, '2 minutes', '2 Minuten'],
  [200_000, '3 minutes 20 seconds', '3 Minuten 20 Sekunden'],
  [1_530_000, '25 minutes', '25 Minuten'],
  [7_500_000, '2 hours 5 minutes', '2 Stunden 5 Minuten'],
  [180_000_000, '2 days 2 hours', '2 Tage 2 Stunden'],
])('takes %d ms', (ms, english, german) => {
  expect([en.duration(ms), de.duration(ms)]).toEqual([english, german]);
});

describe('dates', () => {
  const now = new Date(2026, 10, 29, 12);

  it('are named as people say them, with the year when it is another one', () => {
    const friday = new Date(2026, 11, 4, 9, 5);
    expect([en.day(friday, now), de.day(friday, now)]).toEqual(['Friday 4 December', 'Freitag, 4. Dezember']);
    const later = new Date(2027, 0, 8);
    expect([en.day(later, now), de.day(later, now)]).toEqual(['Friday 8 January 2027', 'Freitag, 8. Januar 2027']);
  });

  it('with a time are those of the station, and say so', () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const at = new Date(2026, 11, 4, 9, 5);
    expect(en.moment(at)).toBe(`Friday 4 December 2026, 09:05 (${zone})`);
    expect(de.moment(at)).toBe(`Freitag, 4. Dezember 2026, 09:05 Uhr (${zone})`);
  });
});

it('leaves a placeholder without a value as it is, and fills in every one that it has', () => {
  expect(en.say('next.by', { drive: 'BACKUP_3', day: 'today' })).toBe('Bring BACKUP_3 by today.');
  expect(de.say('verdict.no')).toBe('NICHT AUSSTECKEN');
});
