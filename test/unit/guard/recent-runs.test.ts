import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { exceeded, limitsFor } from '../../../src/guard/limits.ts';
import { leastOf, recentRunsOf, rememberedRuns, withRun, type RecentRuns } from '../../../src/guard/recent-runs.ts';

const { guard } = configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' } });
const rounds = 500 * Number(process.env['PROPERTY_FACTOR'] ?? 1);

/** A repeatable stream of numbers from 0 to just below 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What a run does to a disk. */
interface Deed {
  readonly created: number;
  readonly deleted: number;
  readonly deletedBytes: number;
}

/** Whether a run may do so much without a question. */
const goesThrough = (recent: RecentRuns, deed: Deed): boolean =>
  exceeded(limitsFor(guard, leastOf(recent)), { changed: 0, changedBytes: 0, ...deed }, guard.floor) === undefined;

describe('remembered runs', () => {
  it('are the last five, and one for a disk that was used before', () => {
    const many = Array.from({ length: 9 }, (_, index) => index + 1).reduce<RecentRuns>(
      (recent, files) => withRun(recent, { filesTotal: files, bytesTotal: 10 * files }),
      [],
    );
    expect(many.map(({ files }) => files)).toEqual([5, 6, 7, 8, 9]);
    expect(recentRunsOf({ filesTotal: 7, bytesTotal: 70 })).toEqual([{ files: 7, bytes: 70 }]);
    expect(recentRunsOf({ filesTotal: 0, bytesTotal: 0 })).toEqual([]);
    expect(recentRunsOf({ filesTotal: 7, bytesTotal: 70, recent: many })).toEqual(many);
  });

  it('give the least of files and of bytes', () => {
    expect(
      leastOf([
        { files: 5, bytes: 90 },
        { files: 9, bytes: 20 },
        { files: 0, bytes: 0 },
      ]),
    ).toEqual({
      filesTotal: 5,
      bytesTotal: 20,
    });
    expect(leastOf([])).toEqual({ filesTotal: 0, bytesTotal: 0 });
  });

  it('let no files made at one plug pay for the deletion of all the others at a later one', () => {
    let recent = withRun([], { filesTotal: 2025, bytesTotal: 50_000_000 });
    expect(goesThrough(recent, { created: 20_000, deleted: 0, deletedBytes: 0 })).toBe(false);
    for (let plug = 1; plug < rememberedRuns; plug += 1) {
      recent = withRun(recent, { filesTotal: 22_025, bytesTotal: 50_000_000 }); // somebody approved the new files
      expect(goesThrough(recent, { created: 0, deleted: 2025, deletedBytes: 0 })).toBe(false);
      expect(goesThrough(recent, { created: 0, deleted: 202, deletedBytes: 0 })).toBe(true);
    }
  });

  it('let no run, whatever came before it, delete more than the limit of what was there up to five runs ago', () => {
    for (let seed = 1; seed <= rounds; seed += 1) {
      const random = randomFrom(seed);
      const upTo = (most: number): number => Math.floor(random() * (most + 1));
      let held = { files: 1 + upTo(20_000), bytes: 1 + upTo(5_000_000_000) };
      let recent = withRun([], { filesTotal: held.files, bytesTotal: held.bytes });
      const past = [held];
      for (let run = 0; run < 12; run += 1) {
        const deed = {
          created: upTo(random() < 0.5 ? 60_000 : 300),
          deleted: upTo(random() < 0.5 ? held.files : 150),
          deletedBytes: upTo(held.bytes),
        };
        const isAsked = !goesThrough(recent, deed);
        const window = past.slice(-rememberedRuns);
        if (!isAsked) {
          for (const { files, bytes } of window) {
            expect(deed.deleted).toBeLessThanOrEqual(Math.max(guard.floor, guard.deleted * files));
            expect(deed.created).toBeLessThanOrEqual(Math.max(guard.floor, guard.created * files));
            if (deed.deleted > guard.floor || deed.deletedBytes > 16 * 1024 * 1024)
              expect(deed.deletedBytes).toBeLessThanOrEqual(guard.deletedBytes * bytes);
          }
        }
        if (isAsked && random() < 0.5) continue; // nobody approves
        held = {
          files: Math.max(1, held.files + deed.created - deed.deleted),
          bytes: Math.max(1, held.bytes - deed.deletedBytes + upTo(1_000_000_000)),
        };
        recent = withRun(recent, { filesTotal: held.files, bytesTotal: held.bytes });
        past.push(held);
      }
    }
  });
});
