import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/bus/events.ts';
import { withProgress, noProgress } from '../../../src/agent/run-progress.ts';
import { noForecast, type RunForecast } from '../../../src/records/run-forecast.ts';
import type { RunStatus } from '../../../src/protocol/status.ts';
import { createPullProgress } from '../../../src/rsync/progress.ts';
import { runs } from '../../property-runs.ts';

/** Size of each file that is only looked at: not in a first copy, which copies everything. */
const sizeOfSkipped = 40_000;

const aRun: RunStatus = {
  ...{ id: 'r', drive: 'BACKUP_1', phase: 'pulling', startedAt: '2026-03-01T10:00:00Z' },
  ...{ ...noProgress, lastTookMs: null },
};

interface Told {
  readonly progress: Progress;
  readonly run: RunStatus;
  /** The truth at that moment. */
  readonly copied: number;
  readonly fastest: number;
}

interface Story {
  /** Sizes of the files that are copied, with the names that are only looked at before each, and its speed. */
  readonly files: readonly { readonly bytes: number; readonly before: number; readonly bytesPerSecond: number }[];
  /** Files up to here are copied before the list is complete. */
  readonly listedAfter: number;
  readonly isFirst: boolean;
  readonly foreseen: number | undefined;
}

/** Plays a pull as rsync prints it: a line after each file, lines within large files or only written bytes. */
function play({ files, listedAfter, isFirst, foreseen }: Story): { told: Told[]; total: number } {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const names = files.reduce((sum, { before }) => sum + before + 1, 0);
  const skippedBytes = isFirst ? 0 : sizeOfSkipped;
  const forecast: RunForecast =
    foreseen === undefined ? noForecast : { lastTookMs: null, isFirst, bytes: new Map([['', foreseen]]) };
  const told: Told[] = [];
  let [clock, copied, written, passed, fastest, run] = [0, 0, 0, 0, 1, aRun];
  const progress = createPullProgress({
    isFirst,
    now: () => clock,
    onProgress: (news) => {
      run = withProgress(run, news, forecast);
      told.push({ progress: news, run, copied, fastest });
    },
  });
  const all = total + (names - files.length) * skippedBytes;
  const share = (): number => Math.floor((100 * copied) / Math.max(1, all));
  files.forEach(({ bytes, before, bytesPerSecond }, index) => {
    passed += before;
    fastest = Math.max(fastest, bytesPerSecond);
    for (let left = bytes; left > 0;) {
      const piece = Math.min(left, bytesPerSecond);
      left -= piece;
      copied += piece;
      written += piece + 300; // rsync writes its log, too
      clock += (1_000 * piece) / bytesPerSecond;
      if (left > 0 && index % 2 === 0 && index >= listedAfter)
        progress.see(`  ${copied}  ${share()}%  1.00MB/s    0:00:07  `);
      else if (left > 0) progress.written(written);
    }
    passed += 1;
    const list = index >= listedAfter ? `to-chk=${names - passed}/${names}` : `ir-chk=1000/${passed + 1000}`;
    progress.see(`  ${copied}  ${share()}%  1.00MB/s    0:00:07 (xfr#${index + 1}, ${list})`);
    progress.written(written);
  });
  return { told, total };
}

const aStory = fc.record({
  files: fc.array(
    fc.record({
      bytes: fc.oneof(fc.integer({ min: 0, max: 5e4 }), fc.integer({ min: 1e6, max: 3e8 })),
      before: fc.integer({ min: 0, max: 5_000 }),
      bytesPerSecond: fc.integer({ min: 2e6, max: 2e8 }),
    }),
    { minLength: 1, maxLength: 25 },
  ),
  listedAfter: fc.integer({ min: 0, max: 10 }),
  isFirst: fc.boolean(),
  foreseen: fc.option(fc.integer({ min: 0, max: 2e9 }), { nil: undefined }),
});

describe('whatever rsync copies', () => {
  it('the time left is never less than the rest takes at the fastest speed that was measured', () => {
    fc.assert(
      fc.property(aStory, (story) => {
        const { told, total } = play(story);
        for (const { run, copied, fastest } of told)
          if (run.etaSeconds !== null) expect(run.etaSeconds).toBeGreaterThanOrEqual((total - copied) / fastest - 1e-6);
      }),
      runs(300),
    );
  });

  it('the percent never falls, is never 100 before the end, and is not of the names', () => {
    fc.assert(
      fc.property(aStory, (story) => {
        const { told, total } = play(story);
        let before = 0;
        for (const { run, copied, progress } of told) {
          expect(run.percent ?? before).toBeGreaterThanOrEqual(before);
          expect(run.percent ?? 0).toBeLessThan(100);
          if (progress.percent !== undefined) expect(progress.percent).toBeLessThanOrEqual((103 * copied) / total);
          before = run.percent ?? before;
        }
      }),
      runs(300),
    );
  });

  it('the total never is less than what is copied already, nor than all there is', () => {
    fc.assert(
      fc.property(aStory, (story) => {
        const { told, total } = play(story);
        for (const { progress } of told)
          if (progress.totalBytes !== undefined) expect(progress.totalBytes).toBeGreaterThanOrEqual(total - 1);
      }),
      runs(100),
    );
  });
});

it('a time left is told at all: otherwise the rules above would hold for nothing', () => {
  const files = Array.from({ length: 20 }, () => ({ bytes: 5e7, before: 1, bytesPerSecond: 1e7 }));
  const { told } = play({ files, listedAfter: 0, isFirst: true, foreseen: undefined });
  expect(told.filter(({ run }) => run.etaSeconds !== null).length).toBeGreaterThan(20);
  expect(told.at(-1)?.run.percent).toBe(99);
});

it('a large file at the end of a list of known ones has neither a share nor a time left', () => {
  const files = [{ bytes: 3e8, before: 49, bytesPerSecond: 2e6 }];
  const { told } = play({ files, listedAfter: 0, isFirst: false, foreseen: 5e6 });
  const [first] = told.filter(({ copied }) => copied >= 4e6);
  expect(first?.run).toMatchObject({ percent: null, etaSeconds: null, files: 0 });
  expect(told.at(-1)?.run.expectedBytes).toBeNull(); // more than was expected
});
