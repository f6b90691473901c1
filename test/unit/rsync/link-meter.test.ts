import { expect, it } from 'vitest';
import { createLinkMeter, type LinkMeter } from '../../../src/rsync/link-meter.ts';
import type { Load } from '../../../src/rsync/load.ts';
import type { RsyncProcess } from '../../../src/rsync/processes.ts';
import { readLoad } from '../../../src/rsync/load.ts';

/** Ten seconds of a pull: bytes that came, busy share of the disk, idle share of the processor. */
type Stretch = readonly [megabytes: number, disk?: number, idle?: number];

/** This process is seen as the receiver, whose signals and arguments are read from /proc. */
const speedAfter = async (...stretches: Stretch[]): Promise<number | undefined> =>
  (await meterAfter(...stretches)).speed();

async function meterAfter(...stretches: Stretch[]): Promise<LinkMeter> {
  let [atMs, read] = [0, 0];
  let load: Load = { idle: 0, total: 0, diskBusyMs: 0 };
  const meter = createLinkMeter(
    () => Promise.resolve(load),
    () => atMs,
  );
  const parent = { pid: '1', parent: '0', moved: 0, read: 0, written: 0, ticks: 0 };
  const see = (): Promise<void> => {
    const receiver: RsyncProcess = { ...parent, pid: receiving, parent: '1', read };
    return meter.see([parent, receiver]);
  };
  await see();
  for (const [megabytes, disk = 0.1, idle = 0.9] of stretches) {
    atMs += 10_000;
    read += megabytes * 1_000_000;
    load = {
      idle: load.idle + idle * 2000,
      total: load.total + 2000,
      diskBusyMs: load.diskBusyMs + disk * 10_000,
    };
    await see();
  }
  return meter;
}

/** A process that catches SIGVTALRM, as the receiver does. */
process.on('SIGVTALRM', () => undefined);
const receiving = String(process.pid);

it('a full slow link is measured by the same speed three times', async () => {
  expect(await speedAfter([10], [11], [10.5])).toBe(1_100_000);
  expect(await speedAfter([10], [11])).toBeUndefined();
});

it('a fast link is known at once, whatever came before', async () => {
  expect(await speedAfter([200])).toBe(20_000_000);
  expect(await speedAfter([10], [10], [10], [200])).toBe(20_000_000);
});

it('a link that gives the same speed while everything waits for it is full, a fast one, too', async () => {
  expect((await meterAfter([200], [210], [205])).isFull()).toBe(true);
  expect((await meterAfter([200], [100], [205])).isFull()).toBe(false);
  expect((await meterAfter([200, 0.9], [210, 0.9], [205, 0.9])).isFull(), 'the disk is busy').toBe(false);
});

it('nothing is known of a link that is not full', async () => {
  expect(await speedAfter([10], [30], [5], [20]), 'the speed varies').toBeUndefined();
  expect(await speedAfter([0.1], [0.1], [0.1]), 'files are only compared').toBeUndefined();
  expect(await speedAfter([10, 0.9], [10, 0.9], [10, 0.9]), 'the disk is busy').toBeUndefined();
  expect(await speedAfter([10, 0, 0.2], [10, 0, 0.2], [10, 0, 0.2]), 'the processor is busy').toBeUndefined();
});

it('the load of this machine is read', async () => {
  const before = await readLoad('/');
  expect(before.total).toBeGreaterThan(before.idle);
  expect((await readLoad('/nonexistent')).diskBusyMs).toBe(0);
});
