import { describe, expect, it } from 'vitest';
import { limitAt } from '../../../src/config/bandwidth.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { isWithin, parseWeekTime } from '../../../src/config/week-time.ts';

/** Local time; 2026-11-30 is a Monday. */
const at = (day: number, hour: number, minute = 0): Date => new Date(2026, 10, 29 + day, hour, minute);
const [su, mo, fr, sa] = [0, 1, 5, 6];
const limit = (text: string) =>
  parseConfig(`key: {derivation: sha512}\nsource: a@b\npull: {bandwidthLimit: ${text}}`, 'file').pull.bandwidthLimit;

describe('a part of the week', () => {
  it.each([
    [
      'Mo-Fr 07:00-19:00',
      [
        [mo, 7],
        [fr, 18, 59],
      ],
      [
        [mo, 6, 59],
        [fr, 19],
        [sa, 12],
        [su, 12],
      ],
    ],
    [
      '22:00-06:00',
      [
        [mo, 22],
        [sa, 5, 59],
        [su, 0],
      ],
      [
        [mo, 6],
        [mo, 21, 59],
      ],
    ],
    [
      'Fr 22:00-06:00',
      [
        [fr, 23],
        [sa, 5],
      ],
      [
        [sa, 22],
        [fr, 5],
        [sa, 6],
      ],
    ],
    [
      'sa,su',
      [
        [sa, 0],
        [su, 23, 59],
      ],
      [
        [fr, 23, 59],
        [mo, 0],
      ],
    ],
    [
      'Fr-Mo',
      [
        [fr, 0],
        [sa, 1],
        [su, 1],
        [mo, 23, 59],
      ],
      [
        [2, 0],
        [4, 12],
      ],
    ],
    [
      '18:00-24:00',
      [[mo, 23, 59]],
      [
        [mo, 17, 59],
        [2, 0],
      ],
    ],
  ] as const)('%s', (text, inside, outside) => {
    for (const [day, hour, minute] of inside as readonly (readonly [number, number, number?])[])
      expect([day, hour, minute, isWithin(text, at(day, hour, minute))]).toEqual([day, hour, minute, true]);
    for (const [day, hour, minute] of outside as readonly (readonly [number, number, number?])[])
      expect([day, hour, minute, isWithin(text, at(day, hour, minute))]).toEqual([day, hour, minute, false]);
  });

  it.each([
    '',
    'Mo-',
    'Xx',
    'Mo 7:00-8:00',
    'Mo-Fr07:00-19:00',
    '07:00',
    '07:00-07:00',
    '25:00-26:00',
    '24:00-06:00',
    'Mo ',
    ' Mo',
    'Mo-Tu-We',
    'Mo,,Tu',
    '00:00-24:00 Mo',
  ])('%j is refused', (text) => {
    expect(parseWeekTime(text)).toBeUndefined();
    expect(() => limit(`[{when: ${JSON.stringify(text)}, limit: 1}]`)).toThrow(
      /bandwidthLimit.0.when: must be days, hours or both: "Mo-Fr 07:00-19:00"/,
    );
  });
});

describe('the bandwidth limit', () => {
  const list =
    '[{when: "Mo-Fr 07:00-19:00", limit: 2000}, {when: "Mo-Su 12:00-20:00", limit: 0}, {when: "Sa", limit: 500}]';

  it('is that of the first entry that fits; without one there is none', () => {
    const setting = limit(list);
    expect([at(mo, 13), at(mo, 19, 30), at(sa, 13), at(sa, 8), at(su, 8)].map((now) => limitAt(setting, now))).toEqual([
      2000, 0, 0, 500, 0,
    ]);
  });

  it('is a plain number as before', () => {
    expect([limitAt(limit('700'), at(mo, 8)), limitAt(limit('0'), at(mo, 8))]).toEqual([700, 0]);
  });

  it.each([
    ['-1', /bandwidthLimit: must be at least 0/],
    ['1.5', /bandwidthLimit: must be a whole number/],
    ['[]', /bandwidthLimit: must have at least one entry/],
    ['[{when: Mo}]', /bandwidthLimit.0.limit: is missing/],
    ['[{when: Mo, limit: -1}]', /bandwidthLimit.0.limit: must be at least 0/],
    ['[{when: Mo, limits: 1}]', /bandwidthLimit.0.limits: there is no such setting; did you mean limit\?/],
  ])('%s is refused in words', (text, words) => {
    expect(() => limit(text)).toThrow(words);
  });
});
