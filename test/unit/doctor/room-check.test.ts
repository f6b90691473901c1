import { describe, expect, it } from 'vitest';
import { exitFor } from '../../../src/commands/doctor.ts';
import type { Finding, Verdict } from '../../../src/doctor/check.ts';
import { roomCheck, type RoomFigures } from '../../../src/doctor/room-check.ts';
import { startProgram } from '../../../src/system/command.ts';
import { defaultPaths as paths } from '../../../src/system/paths.ts';

const look = (state: RoomFigures, other: RoomFigures = { blocks: 100, bavail: 50, files: 100, ffree: 50 }) =>
  roomCheck((place) => Promise.resolve(place === paths.state ? state : other)).check({
    paths,
    start: startProgram,
    now: new Date(),
    fix: false,
  });

it.each([
  [{ blocks: 1000, bavail: 500, files: 1000, ffree: 500 }, 'ok', /There is room/],
  [{ blocks: 1000, bavail: 500, files: 0, ffree: 0 }, 'ok', /There is room/], // btrfs counts none
  [{ blocks: 1000, bavail: 500, files: 1000, ffree: 30 }, 'warn', /only 3 % of the inodes at \/var\/lib\/extbackup/],
  [{ blocks: 1000, bavail: 500, files: 1000, ffree: 2 }, 'fail', /only 0 % of the inodes/],
  [{ blocks: 1000, bavail: 20, files: 1000, ffree: 2 }, 'fail', /2 % of the room at .*, 0 % of the inodes/],
])('%j is %s', async (figures, verdict, words) => {
  const found = await look(figures);
  expect(found.verdict).toBe(verdict);
  expect(found.happened).toMatch(words);
});

it('a place that is not there yet is no trouble', async () => {
  const gone = roomCheck(() => Promise.reject(new Error('ENOENT')));
  expect((await gone.check({ paths, start: startProgram, now: new Date(), fix: false })).verdict).toBe('ok');
});

it('a read-only place is named as such, not as a full one', async () => {
  const plenty = { blocks: 1000, bavail: 500, files: 1000, ffree: 500 };
  const check = roomCheck(
    () => Promise.resolve(plenty),
    (place) => Promise.resolve(place === paths.state),
  );
  const found = await check.check({ paths, start: startProgram, now: new Date(), fix: false });
  expect(found).toMatchObject({ verdict: 'fail', happened: expect.stringContaining('read-only') as string });
});

describe('doctor ends', () => {
  const findings = (...verdicts: Verdict[]): Finding[] =>
    verdicts.map((verdict) => ({ name: 'a', verdict, happened: '', todo: '' }));
  it.each([
    [findings('ok', 'ok'), 0],
    [findings('ok', 'warn', 'ok'), 3],
    [findings('warn', 'fail', 'ok'), 2],
  ])('by the worst finding: %#', (all, code) => {
    expect(exitFor(all)).toBe(code);
  });
});
