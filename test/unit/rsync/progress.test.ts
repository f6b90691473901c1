import { beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/bus/events.ts';
import { createPullProgress, type PullProgress } from '../../../src/rsync/progress.ts';

let clock: number;
let told: Progress[];
beforeEach(() => {
  clock = 0;
  told = [];
});
const start = (isFirst: boolean): PullProgress =>
  createPullProgress({
    isFirst,
    onProgress: (progress) => {
      told.push(progress);
    },
    now: () => clock,
  });
const lineOf = (bytes: number, percent: number, files: number, left: number, all: number): string =>
  `     ${bytes}  ${percent}%    1.23MB/s    0:00:07 (xfr#${files}, to-chk=${left}/${all})`;

describe('progress of a pull', () => {
  it('of a first copy is the share of the bytes, with the time that the rest takes at the same speed', () => {
    const progress = start(true);
    clock = 10_000;
    expect(progress.see(lineOf(400, 20, 3, 10, 100))).toBe(true);
    expect(told).toEqual([{ bytes: 400, files: 3, percent: 20, totalBytes: 2000, checked: 90, etaSeconds: 40 }]);
  });
  it('of a later run is how much of the list lies behind: nobody knows what is still to be copied', () => {
    const progress = start(false);
    clock = 10_000;
    progress.see(lineOf(400, 2, 3, 25, 100));
    expect(told).toEqual([{ bytes: 400, files: 3, checked: 75 }]);
    clock = 20_000;
    progress.see(lineOf(500, 3, 4, 0, 100));
    expect(told.at(-1)).toEqual({ bytes: 500, files: 4, checked: 100 });
  });
  it('guesses no time after a moment', () => {
    const progress = start(true);
    clock = 2_000;
    progress.see(lineOf(400, 20, 3, 10, 100));
    expect(told).toEqual([{ bytes: 400, files: 3, percent: 20, totalBytes: 2000, checked: 90 }]);
  });
  it('has no share while the list grows', () => {
    const progress = start(false);
    clock = 10_000;
    progress.see('  1234  99%   12.34MB/s    0:00:00 (xfr#1, ir-chk=1000/1234)');
    expect(told).toEqual([{ bytes: 1234, files: 1 }]);
  });
  it('is told once a second, and keeps the count of files in the midst of a large one', () => {
    const progress = start(true);
    progress.see(lineOf(1, 1, 1, 9, 10));
    clock = 400;
    expect(progress.see(lineOf(20, 2, 7, 8, 10))).toBe(true);
    clock = 1_500;
    expect(progress.see('     30   3%    1.23MB/s    0:00:07  ')).toBe(true);
    expect(told.map(({ bytes, files }) => [bytes, files])).toEqual([
      [1, 1],
      [30, 7],
    ]);
  });
  it.each(['sending incremental file list', 'Number of files: 3', ' something (else', ''])(
    'leaves %j to others',
    (text) => {
      expect(start(true).see(text)).toBe(false);
      expect(told).toEqual([]);
    },
  );
});

describe('what is written between the lines', () => {
  it('comes after the newest answer, also after one that came too soon to be told', () => {
    const progress = start(true);
    clock = 10_000;
    progress.see(lineOf(1_000_000, 10, 3, 5, 10));
    clock = 10_500;
    progress.see(lineOf(2_000_000, 20, 6, 4, 10));
    clock = 11_000;
    progress.written(90_000_000);
    clock = 12_000;
    progress.written(90_500_000);
    expect(told.slice(1).map(({ bytes, files, percent }) => [bytes, files, percent])).toEqual([
      [2_000_000, 6, 20],
      [2_500_000, 6, 25],
    ]);
  });
  it('is progress of the file in hand', () => {
    const progress = start(true);
    clock = 10_000;
    progress.see(lineOf(1_000_000, 10, 3, 5, 10));
    progress.written(70_000_000);
    clock = 11_000;
    progress.written(72_000_000);
    clock = 12_000;
    progress.written(172_000_000);
    expect(told.slice(1)).toEqual([
      { bytes: 3_000_000, files: 3, percent: 30, totalBytes: 10_000_000, checked: 50, etaSeconds: 28 },
      { bytes: 103_000_000, files: 3, percent: 99, totalBytes: 103_000_000, checked: 50, etaSeconds: 12 },
    ]);
  });
  it('has no share after a line of less than one percent: of a large file nobody knows yet how much there is', () => {
    const progress = start(true);
    clock = 1_000;
    progress.see(lineOf(900, 0, 1, 1, 2));
    expect(progress.written(4_096)).toBe(true);
    clock = 20_000;
    expect(progress.written(50_004_096)).toBe(false);
    expect(told.at(-1)).toEqual({ bytes: 50_000_900, files: 1, checked: 50 });
  });
  it('has no share before the first line', () => {
    const progress = start(true);
    clock = 1_000;
    progress.written(5_000);
    clock = 20_000;
    progress.written(5_000_000);
    expect(told).toEqual([{ bytes: 4_995_000, files: 0 }]);
  });
  it('is nothing while rsync only looks around', () => {
    const progress = start(false);
    for (let seconds = 1; seconds < 100; seconds += 1) {
      clock = seconds * 1_000;
      progress.written(500 * seconds);
    }
    expect(told).toEqual([]);
  });
});
