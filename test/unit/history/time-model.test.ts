import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderEntries, type FoundEntry } from '../../../src/history/entry-order.ts';
import { historyName } from '../../../src/history/history-entry.ts';
import {
  advanceTime,
  longestStep,
  stepFor,
  type ClockReading,
  type TimeMark,
} from '../../../src/history/measured-time.ts';
import { expendable, outdated, type KeepRule } from '../../../src/history/retention.ts';

const day = 86_400_000;
const begin = Date.parse('2026-01-01T00:00:00Z');
const keep = { age: 364 * day, atLeast: 28 * day };

/** What happens to a station, in days: true time goes on, the machine starts anew or not, the clock is set to something. */
interface Happening {
  readonly passes: number;
  readonly restarts: boolean;
  readonly clock: 'right' | number;
  readonly isSynchronised: boolean;
}

const happening = fc.record<Happening>({
  passes: fc.double({ min: 0, max: 60, noNaN: true }),
  restarts: fc.boolean(),
  clock: fc.oneof(
    { weight: 3, arbitrary: fc.constant('right' as const) },
    fc.double({ min: -20_000, max: 40_000, noNaN: true }),
  ),
  isSynchronised: fc.boolean(),
});

interface Run {
  readonly truth: number;
  readonly mark: TimeMark;
  readonly entry: FoundEntry;
}

/** One run for each happening: an entry with the next number, as a disk would get it. */
function live(happenings: readonly Happening[]): Run[] {
  let [truth, boot, bootedAt] = [begin, 0, begin];
  let mark: TimeMark | undefined;
  return happenings.map(({ passes, restarts, clock, isSynchronised }, index) => {
    truth += passes * day;
    if (restarts) [boot, bootedAt] = [boot + 1, truth];
    const now = new Date(clock === 'right' ? truth : truth + clock * day);
    const reading: ClockReading = { now, bootId: String(boot), uptimeMs: truth - bootedAt, isSynchronised };
    mark = advanceTime(mark, reading, stepFor(keep)).mark;
    const stamp = { number: index + 1, measured: mark.measured, isDoubtful: mark.jumpMs !== 0 };
    return { truth, mark, entry: { name: String(index), claimed: now, stamp } };
  });
}

const ruleAt = (now: Date): KeepRule => ({ now, ...keep, minFree: 0, perRun: 1 });

describe('measured time, whatever the clock does', () => {
  it('never goes back, and never runs further ahead of the truth than one step for each start of the machine', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 40 }), (happenings) => {
        const runs = live(happenings);
        let before: Run | undefined;
        for (const [index, run] of runs.entries()) {
          if (before) {
            const [measured, passed] = [
              run.mark.measured.getTime() - before.mark.measured.getTime(),
              run.truth - before.truth,
            ];
            expect(measured).toBeGreaterThanOrEqual(0);
            const slack = happenings[index]?.restarts === true ? stepFor(keep) : 0;
            expect(measured).toBeLessThanOrEqual(passed + slack + 1);
          }
          before = run;
        }
      }),
    );
  });

  it('one jump makes nothing old: what is younger than keep.atLeast stays, minus what one step may err', () => {
    const calm = fc.record<Happening>({
      passes: fc.double({ min: 0, max: 7, noNaN: true }),
      restarts: fc.boolean(),
      clock: fc.constant('right' as const),
      isSynchronised: fc.boolean(),
    });
    const jump = fc.record<Happening>({
      passes: fc.double({ min: 0, max: 7, noNaN: true }),
      restarts: fc.boolean(),
      clock: fc.double({ min: 1, max: 40_000, noNaN: true }),
      isSynchronised: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(calm, { minLength: 1, maxLength: 30 }),
        jump,
        fc.array(calm, { maxLength: 30 }),
        (before, wrong, after) => {
          const runs = live([...before, wrong, ...after]);
          for (const [index, { truth, mark }] of runs.entries()) {
            const entries = orderEntries(runs.slice(0, index + 1).map(({ entry }) => entry)).toReversed();
            const gone = [
              ...outdated(entries, ruleAt(mark.measured), Infinity),
              ...expendable(entries, ruleAt(mark.measured), Infinity),
            ];
            for (const { number } of gone)
              expect(truth - (runs[number - 1]?.truth ?? 0)).toBeGreaterThan(keep.atLeast - longestStep - 1);
          }
        },
      ),
    );
  });

  it('removes by age nothing that, by number, is within keep.atLeast of the last run, and nothing before an older one', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 40 }), (happenings) => {
        const runs = live(happenings);
        const now = runs.at(-1)?.mark.measured ?? new Date(0);
        const entries = orderEntries(runs.map(({ entry }) => entry)).toReversed();
        const gone = outdated(entries, ruleAt(now), Infinity).map(({ number }) => number);
        expect(gone).toEqual(gone.map((_number, index) => index + 1)); // the oldest, without a gap
        for (const number of gone)
          expect(now.getTime() - (runs[number - 1]?.mark.measured.getTime() ?? 0)).toBeGreaterThan(keep.atLeast);
      }),
    );
  });

  it('a clock that was ahead once expires nothing fresh later, and leaves nothing that never expires', () => {
    const right = (count: number): Happening[] =>
      Array.from({ length: count }, () => ({ passes: 7, restarts: false, clock: 'right', isSynchronised: false }));
    const ahead: Happening = { passes: 7, restarts: false, clock: 3_650, isSynchronised: false };
    const runs = live([...right(10), ahead, ...right(70)]);
    const entries = orderEntries(runs.map(({ entry }) => entry)).toReversed();
    const gone = outdated(entries, ruleAt(runs.at(-1)?.mark.measured ?? new Date(0)), Infinity);
    expect(gone).toHaveLength(28); // 81 runs, one a week; 52 weeks and the present one stay
  });

  it('entries are ordered by number, and their times never contradict that order', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 40 }), (happenings) => {
        const runs = live(happenings);
        const ordered = orderEntries(runs.map(({ entry }) => entry).toReversed());
        expect(ordered.map(({ number }) => number)).toEqual(runs.map((_run, index) => index + 1));
        for (const [index, { at }] of ordered.entries())
          if (index > 0) expect(at.getTime()).toBeGreaterThan(ordered[index - 1]?.at.getTime() ?? Infinity);
      }),
    );
  });
});

describe('time of an entry', () => {
  const found = (number: number, claimed: string, measured: string, isDoubtful = false): FoundEntry => ({
    name: historyName(new Date(claimed)),
    claimed: new Date(claimed),
    stamp: { number, measured: new Date(measured), isDoubtful },
  });
  const times = (entries: FoundEntry[]): string[] =>
    orderEntries(entries).map(({ at }) => at.toISOString().slice(0, 16));

  it('is that of its name, where nothing contradicts it', () => {
    expect(
      times([
        found(1, '2026-11-01T10:00:00Z', '2026-11-01T10:00:00Z'),
        found(2, '2027-05-01T10:00:00Z', '2026-11-08T10:00:00Z'),
      ]),
    ).toEqual(['2026-11-01T10:00', '2027-05-01T10:00']);
  });
  it('is what was measured, where the clock had jumped', () => {
    expect(
      times([
        found(1, '2026-11-01T10:00:00Z', '2026-11-01T10:00:00Z'),
        found(2, '2036-11-01T10:00:00Z', '2026-11-08T10:00:00Z', true),
        found(3, '1970-01-02T10:00:00Z', '2026-11-15T10:00:00Z', true),
      ]),
    ).toEqual(['2026-11-01T10:00', '2026-11-08T10:00', '2026-11-15T10:00']);
  });
});
