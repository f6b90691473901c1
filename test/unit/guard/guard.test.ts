import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import { renderReport, tooMuch } from '../../../src/guard/hold.ts';
import { describeExcess, exceeded, limitsFor } from '../../../src/guard/limits.ts';
import { createTally } from '../../../src/guard/tally.ts';
import { createGuard } from '../../../src/guard/guard.ts';
import type { Change } from '../../../src/history/change.ts';

const guardOf = (settings: object = {}) =>
  configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' }, guard: settings }).guard;
const guard = guardOf();
const before = { filesTotal: 3000, bytesTotal: 1_000_000 };
const none = { created: 0, changed: 0, deleted: 0, changedBytes: 0 };
const change = (kind: Change['kind'], path = 'a/b', size = 10): Change => ({
  kind,
  path,
  size,
  isDirectory: path.endsWith('/'),
});

describe('limits', () => {
  it.each([
    ['a normal week', { deleted: 30, changed: 60 }, undefined],
    ['as much as is allowed', { deleted: 300, changed: 1200 }, undefined],
    ['one deletion too many', { deleted: 301 }, 'deleted'],
    ['one change too many', { changed: 1201 }, 'changed'],
    ['many large changes', { changed: 1000, changedBytes: 900_000 }, undefined],
    ['as many new files as are allowed', { created: 6000 }, undefined],
    ['one new file too many', { created: 6001 }, 'created'],
    ['a few small files with most of the bytes', { deleted: 100, deletedBytes: 900_000 }, undefined],
    ['many files with a third of the bytes', { deleted: 101, deletedBytes: 330_000 }, 'deletedBytes'],
    ['three large files', { deleted: 3, deletedBytes: 20_000_000 }, 'deletedBytes'],
  ])('%s', (_what, counts, excess) => {
    expect(exceeded(limitsFor(guard, before), { ...none, ...counts }, guard.floor)).toBe(excess);
  });

  it('leave a small tree alone', () => {
    const small = limitsFor(guard, { filesTotal: 100, bytesTotal: 1000 });
    expect(exceeded(small, { ...none, deleted: 100, changed: 100 }, guard.floor)).toBeUndefined();
    expect(exceeded(small, { ...none, deleted: 101 }, guard.floor)).toBe('deleted');
  });

  it('know bytes when they are set, but not for a few files', () => {
    const tight = guardOf({ bytes: '50%' });
    const limits = limitsFor(tight, before);
    expect(exceeded(limits, { ...none, changed: 101, changedBytes: 600_000 }, tight.floor)).toBe('changedBytes');
    expect(exceeded(limits, { ...none, changed: 100, changedBytes: 600_000 }, tight.floor)).toBeUndefined();
  });

  it('do not exist before the first complete run, or without a guard', () => {
    expect(limitsFor(guard, undefined)).toBeUndefined();
    expect(limitsFor(guard, { filesTotal: 0, bytesTotal: 0 })).toBeUndefined();
    expect(limitsFor(guardOf({ enabled: false }), before)).toBeUndefined();
  });

  it('follow an approval, and not much further', () => {
    const limits = limitsFor(guard, before, { ...none, changed: 2500 });
    expect(exceeded(limits, { ...none, changed: 2800 }, guard.floor)).toBeUndefined();
    expect(exceeded(limits, { ...none, changed: 2900 }, guard.floor)).toBe('changed');
    expect(exceeded(limits, { ...none, deleted: 301 }, guard.floor)).toBe('deleted');
  });

  it('follow an approval of deletions by their size, where that was measured', () => {
    const measured = limitsFor(guard, before, { ...none, deleted: 500, deletedBytes: 500_000 });
    expect(exceeded(measured, { ...none, deleted: 500, deletedBytes: 500_000 }, guard.floor)).toBeUndefined();
    expect(exceeded(measured, { ...none, deleted: 500, deletedBytes: 900_000 }, guard.floor)).toBe('deletedBytes');
    const unmeasured = limitsFor(guard, before, { ...none, deleted: 500 });
    expect(exceeded(unmeasured, { ...none, deleted: 500, deletedBytes: 900_000 }, guard.floor)).toBeUndefined();
  });

  it('leave new files alone before the first complete run: a copy that was cut off goes on', () => {
    const limits = limitsFor(guard, before, undefined, true);
    expect(exceeded(limits, { ...none, created: 1_000_000 }, guard.floor)).toBeUndefined();
    expect(exceeded(limits, { ...none, deleted: 301 }, guard.floor)).toBe('deleted');
  });

  it.each([
    ['created', { created: 7000 }, 'new files: 7000, guard.created allows 6000'],
    ['deleted', { deleted: 400 }, 'deleted files: 400, guard.deleted allows 300'],
    [
      'deletedBytes',
      { deletedBytes: 400_000 },
      'size of the deleted files: 400000 bytes, guard.deletedBytes allows 300000',
    ],
  ] as const)('say which one was exceeded: %s', (excess, counts, words) => {
    const limits = limitsFor(guard, before);
    expect(limits && describeExcess(excess, limits, { ...none, ...counts })).toBe(words);
  });
});

describe('a watched run', () => {
  const record = driveRecordSchema.parse({
    label: 'B',
    luksUuid: 'u',
    sealedId: '3f0c5a52-52c1-4a53-9a57-0c0d6f7d9d11',
    generation: 1,
    enrolledAt: '2026-01-01T00:00:00Z',
    lastSuccess: '2026-01-02T00:00:00Z',
    ...before,
  });
  const hold = {
    runId: 'r',
    at: '2026-01-03T00:00:00Z',
    reason: 'held',
    counts: { ...none, changed: 3000 },
    approved: null,
  };
  const seeing = (count: number, of: typeof record) => {
    const watch = createGuard(guard, of, new AbortController().signal);
    for (let seen = 0; seen < count; seen += 1) watch.see(change('changed'));
    return watch;
  };

  it('is ended at the first change too many', () => {
    expect(seeing(1200, record).signal.aborted).toBe(false);
    const stopped = seeing(1201, record);
    expect(stopped.excess()).toBe('changed');
    expect(stopped.signal.aborted).toBe(true);
  });
  it('goes on when that was approved, and only then', () => {
    expect(seeing(3000, { ...record, hold }).excess()).toBe('changed');
    expect(
      seeing(3000, {
        ...record,
        hold: { ...hold, approved: { at: '2026-01-03T00:00:00Z', by: 'root', reason: 'moved' } },
      }).excess(),
    ).toBeUndefined();
  });
  it('counts the file in hand once, and never its unfinished copy', () => {
    const watch = seeing(3, record);
    watch.see(change('changed', 'a/last'));
    for (const rest of [
      change('changed', 'a/last'),
      change('changed', 'a/next'),
      change('deleted', 'a/.last.x1Y2z3'),
      change('deleted', 'a/gone'),
    ])
      watch.seeRest(rest);
    expect(watch.tally.counts).toMatchObject({ changed: 5, deleted: 1 });
  });
  it('is never ended on an empty disk', () => {
    expect(seeing(3000, { ...record, lastSuccess: null, filesTotal: 0 }).excess()).toBeUndefined();
  });
  it('is ended where files were counted on the disk, though no run is known', () => {
    expect(seeing(1201, { ...record, lastSuccess: null }).excess()).toBe('changed');
  });
  it('weighs what is deleted, but not what was only moved', () => {
    const watch = createGuard(guard, record, new AbortController().signal);
    watch.see(change('created', 'new/caf\u00e9.img', 500_000));
    watch.see(change('created', 'new/tab\\#011.img', 7));
    const name = Buffer.from('caf\u00e9.img').toString('latin1');
    watch.weigh([
      { name, size: 500_000 },
      { name: 'tab\t.img', size: 7 },
    ]);
    expect(watch.tally.counts.deletedBytes).toBe(0);
    watch.weigh([{ name, size: 500_000 }]); // only one came back
    expect(watch.tally.counts.deletedBytes).toBe(500_000);
    expect(watch.wouldExceed({ deleted: 101 })).toBe('deletedBytes');
  });
});

describe('counting', () => {
  it('goes by top-level directory, and leaves directories out', () => {
    const tally = createTally();
    for (const one of [
      change('changed', 'a/b'),
      change('changed', 'a/c/d'),
      change('deleted', 'a/'),
      change('deleted', 'e'),
      change('created', 'f/g'),
    ])
      tally.add(one);
    expect(tally.counts).toEqual({ created: 1, changed: 2, deleted: 1, changedBytes: 20 });
    expect(tally.byDirectory.get('a')).toMatchObject({ changed: 2, deleted: 0 });
    expect(renderReport('reason', tally)).toContain('        2        0        0  a\n');
  });
  it('stays small however many directories there are', () => {
    const tally = createTally();
    for (let index = 0; index < 5000; index += 1) tally.add(change('deleted', `d${index}/f`));
    expect(tally.byDirectory.size).toBeLessThanOrEqual(1001);
    expect([...tally.byDirectory.values()].reduce((sum, { deleted }) => sum + deleted, 0)).toBe(5000);
  });
  it('is told in words', () => {
    const { message, exitCode } = tooMuch('BACKUP_1', before, { ...none, changed: 2490 }, { deleted: 0, isKept: true });
    expect(message).toContain('held: 83 % of files changed (2490)');
    expect(exitCode).toBe(14);
  });

  it.each([
    [{ deleted: 2310, changed: 12 }, undefined, '77 % of the files are gone on the server'],
    [{ deleted: 2310 }, 'notes', '77 % of the files are gone on the server; this looks like an attack'],
    [{ changed: 3 }, undefined, '3 files are changed on the server'],
    [{ attributes: 2990 }, undefined, '100 % of the files have another owner or other rights'],
    [{ created: 20_000 }, undefined, '20000 new files on the server'],
  ])('is told in a few words, the largest change alone: %j, %s', (counts, alarm, words) => {
    const held = tooMuch('BACKUP_1', before, { ...none, ...counts }, { deleted: 0, isKept: true }, { alarm });
    expect(held.facts).toMatchObject({ headline: words, isAlarm: alarm !== undefined });
  });
});
