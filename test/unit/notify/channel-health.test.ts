import { describe, expect, test, vi } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import type { Channel, Notice } from '../../../src/notify/channel.ts';
import { startDispatcher, type Subscription } from '../../../src/notify/dispatcher.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';

const at = '2026-03-04T10:00:00.000Z';

function start(subscriptions: readonly Subscription[]) {
  const bus = createBus((_name, error) => {
    throw error;
  });
  const onHealth = vi.fn();
  const dispatcher = startDispatcher(
    bus,
    createNoticeMaker('station', () => new Date(at)),
    subscriptions,
    { warn: () => undefined },
    { retryAfterMs: 5, laterAfterMs: 40, laterMostMs: 80 },
    undefined,
    onHealth,
  );
  const goodRun = (drive = 'BACKUP_1'): void => {
    bus.emit('run:succeeded', { runId: drive, drive, tookMs: 1, gaps: false, stamped: true });
    bus.emit('drive:safe-to-unplug', { drive, runId: drive });
  };
  return { bus, dispatcher, goodRun, onHealth };
}

/** A channel that fails until it is repaired. */
function broken(): Channel & { readonly got: Notice[]; works: boolean } {
  const channel = {
    name: 'mail to root',
    got: [] as Notice[],
    works: false,
    send: (notice: Notice) => {
      if (!channel.works) return Promise.reject(new Error('no route'));
      channel.got.push(notice);
      return Promise.resolve();
    },
  };
  return channel;
}

describe('the health of a channel', () => {
  test('says since when, how many and why, and is well again after a delivery', async () => {
    const channel = broken();
    const { dispatcher, goodRun, onHealth } = start([{ channel }]);
    const well = { name: 'mail to root', undelivered: 0, heldBack: 0, since: null, error: null };
    expect(dispatcher.health()).toEqual([well]);
    goodRun();
    goodRun('BACKUP_2');
    await vi.waitFor(() => {
      expect(dispatcher.health()).toEqual([{ ...well, undelivered: 2, since: at, error: 'no route' }]);
    });
    expect(onHealth).toHaveBeenCalled();
    channel.works = true;
    await vi.waitFor(() => {
      expect(channel.got).toHaveLength(2);
      expect(dispatcher.health()).toEqual([well]);
    });
  });

  test('a mended setting delivers what waited under the same name', async () => {
    const [wrong, right] = [broken(), broken()];
    right.works = true;
    const { dispatcher, goodRun } = start([{ channel: wrong }]);
    goodRun();
    await vi.waitFor(() => {
      expect(dispatcher.health()[0]?.undelivered).toBe(1);
    });
    dispatcher.use([{ channel: right }]);
    await vi.waitFor(() => {
      expect(right.got).toHaveLength(1);
    });
    wrong.works = true;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(wrong.got).toEqual([]);
  });

  test('that a run has begun is not told when it is over', async () => {
    const channel = broken();
    const { bus, dispatcher } = start([{ channel, events: ['started', 'success'] }]);
    bus.emit('run:started', { runId: 'r1', drive: 'BACKUP_1', trigger: 'plug' });
    await vi.waitFor(() => {
      expect(dispatcher.health()[0]).toMatchObject({ error: 'no route', undelivered: 0 });
    });
    channel.works = true;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(channel.got).toEqual([]);
  });
});

test('in quiet hours good news waits, and trouble does not', async () => {
  const channel = broken();
  channel.works = true;
  const now = new Date();
  const time = (hours: number) => `${String((now.getHours() + hours + 24) % 24).padStart(2, '0')}:00`;
  const { bus, dispatcher, goodRun } = start([{ channel, quiet: `${time(-1)}-${time(2)}` }]);
  goodRun();
  bus.emit('drive:do-not-unplug', { drive: 'BACKUP_2', reason: 'busy' });
  await vi.waitFor(() => {
    expect(channel.got.map(({ subject }) => subject)).toEqual(['DO NOT UNPLUG BACKUP_2']);
    expect(dispatcher.health()).toMatchObject([{ heldBack: 1, undelivered: 0, error: null }]);
  });
  await new Promise((resolve) => setTimeout(resolve, 200)); // longer than the pauses between tries
  expect(channel.got).toHaveLength(1);
});
