import { expect, it } from 'vitest';
import { unknownHealth } from '../../../src/records/disk-health.ts';
import { beginHealthCheck, type HealthProbe } from '../../../src/run/disk-health-check.ts';

const now = new Date('2026-03-01T12:00:00Z');

/** A disk with these counts of failed commands, one after the other. */
const probe = (
  counts: (number | undefined)[],
  smart?: Awaited<ReturnType<HealthProbe['smart']>>,
): HealthProbe & { asked: number } => {
  const made = {
    asked: 0,
    canAsk: () => Promise.resolve(true),
    ioErrors: () => Promise.resolve(counts.shift()),
    smart: () => Promise.resolve(((made.asked += 1), smart)),
  };
  return made;
};

it('counts what failed during the run only, and forgets it with a good run', async () => {
  const watch = beginHealthCheck(probe([3, 5]));
  watch.begin('sda');
  await watch.end();
  expect(watch.healthAfter(undefined, now).mediaErrors).toBe(2);
  expect(watch.news('BACKUP_1')[0]?.reason).toContain('answered 2 commands with an error');
  const next = beginHealthCheck(probe([5, 5]), watch.healthAfter(undefined, now));
  next.begin('sda');
  await next.end();
  expect(next.healthAfter(undefined, now).mediaErrors).toBe(0);
  expect(next.news('BACKUP_1')).toEqual([]);
});

it('says nothing of a disk that went away, or has no counter', async () => {
  for (const counts of [
    [3, undefined],
    [undefined, 4],
    [4, 0],
  ]) {
    const watch = beginHealthCheck(probe(counts));
    watch.begin('sda');
    await watch.end();
    expect(watch.ioErrors).toBe(0);
  }
});

it('asks for SMART once a day, also of a disk that never answers, and tells each finding once', async () => {
  const failing = { state: 'failing', remarks: ['9 pending sectors'] } as const;
  const first = beginHealthCheck(probe([], failing));
  await first.ask('sda', now);
  expect(first.news('B')[0]).toMatchObject({
    reason: expect.stringContaining('about to fail (SMART: 9 pending sectors)') as string,
  });
  const health = first.healthAfter(undefined, now);
  expect(health).toMatchObject({ smart: 'failing', smartAskedAt: now.toISOString() });

  const soon = probe([], failing);
  await beginHealthCheck(soon, health).ask('sda', new Date('2026-03-01T20:00:00Z'));
  expect(soon.asked).toBe(0);
  const nextDay = beginHealthCheck(probe([], failing), health);
  await nextDay.ask('sda', new Date('2026-03-02T12:00:00Z'));
  expect(nextDay.news('B')).toEqual([]);

  const mute = probe([], undefined);
  const muteWatch = beginHealthCheck(mute);
  await muteWatch.ask('sda', now);
  await beginHealthCheck(mute, muteWatch.healthAfter(undefined, now)).ask('sda', now);
  expect(mute.asked).toBe(1);

  const without = beginHealthCheck({ ...mute, canAsk: () => Promise.resolve(false) });
  await without.ask('sda', now);
  expect(without.healthAfter(undefined, now).smartAskedAt).toBeNull(); // installed later, it is used at once
});

it('keeps what it did not find out anew', () => {
  const before = { ...unknownHealth, damaged: 2, smart: 'passed' as const, checkedAt: '2026-01-01T00:00:00.000Z' };
  expect(beginHealthCheck(probe([]), before).healthAfter(undefined, now)).toEqual(before);
});
