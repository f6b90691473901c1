import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import type { Channel, Notice } from '../../../src/notify/channel.ts';
import { startDispatcher, type Subscription } from '../../../src/notify/dispatcher.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';

interface Spy extends Channel {
  readonly got: string[];
}

/** A channel that fails for the first `failures` tries. */
function recorder(failures = 0): Spy {
  let left = failures;
  const got: string[] = [];
  return {
    name: 'recorder',
    got,
    send: ({ subject, payload }: Notice) => {
      left -= 1;
      if (left >= 0) return Promise.reject(new Error('no route'));
      got.push('reason' in payload ? payload.reason.replace('.', '') : subject);
      return Promise.resolve();
    },
  };
}

/** A channel that hangs until it is told to end. */
const hanging: Channel = {
  name: 'hanging',
  send: (_notice, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('ended'));
      });
    }),
};

function start(subscriptions: readonly Subscription[]) {
  const bus = createBus((_name, error) => {
    throw error;
  });
  const warnings: Record<string, unknown>[] = [];
  const dispatcher = startDispatcher(
    bus,
    createNoticeMaker('station', () => new Date(0)),
    subscriptions,
    {
      warn: (fields) => {
        warnings.push(fields);
      },
    },
    { retryAfterMs: 60, tellWithoutReleaseAfterMs: 80 },
  );
  const warn = (reason: string): void => {
    bus.emit('warning:raised', { about: 'station', reason, todo: 'Look.' });
  };
  return { bus, dispatcher, warnings, warn };
}

describe('dispatcher', () => {
  test('a dead channel delays neither the emitter nor the other channels', async () => {
    const other = recorder();
    const { warn, dispatcher, warnings } = start([{ channel: hanging }, { channel: other }]);
    warn('one.');
    warn('two.');
    await vi.waitFor(() => {
      expect(other.got).toEqual(['one', 'two']);
    });
    expect(warnings).toHaveLength(0);
    const before = performance.now();
    await dispatcher.stop(100);
    expect(performance.now() - before).toBeLessThan(1_000);
    await vi.waitFor(() => {
      expect(warnings.map(({ channel }) => channel)).toEqual(['hanging', 'hanging']);
    });
  });

  test('one failure is tried again, in order; a second one is given up with a warning', async () => {
    const shaky = recorder(1);
    const dead = recorder(2);
    const { warn, warnings } = start([{ channel: shaky }, { channel: dead }]);
    warn('one.');
    warn('two.');
    await vi.waitFor(() => {
      expect(shaky.got).toEqual(['one', 'two']);
    });
    await vi.waitFor(() => {
      expect(dead.got).toEqual(['two']);
    });
    expect(warnings).toEqual([{ channel: 'recorder', kind: 'warning', drive: undefined, reason: 'no route' }]);
  });

  test('a channel gets only the kinds it asked for', async () => {
    const overdueOnly = recorder();
    const { bus, warn } = start([{ channel: overdueOnly, events: ['overdue'] }]);
    warn('one.');
    bus.emit('rotation:overdue', { drive: 'BACKUP_1', lastSuccess: null });
    await vi.waitFor(() => {
      expect(overdueOnly.got).toEqual(['BACKUP_1 is overdue: please bring it']);
    });
  });

  test('the queue is bounded: the oldest notices are given up', async () => {
    const { warn, warnings } = start([{ channel: hanging }]);
    for (let number = 0; number < 60; number += 1) warn(`${number}.`);
    await vi.waitFor(() => {
      expect(warnings).toHaveLength(9);
    }); // one is being sent, fifty wait
  });

  test('the end of a run is told in time even when nothing is said about its disk', async () => {
    const channel = recorder();
    const { bus } = start([{ channel }]);
    bus.emit('run:succeeded', { runId: 'r1', drive: 'BACKUP_1', tookMs: 1, gaps: false, stamped: true });
    await sleep(20);
    expect(channel.got).toEqual([]);
    await vi.waitFor(() => {
      expect(channel.got).toHaveLength(1);
    });
  });

  test('stop tells what is untold, waits for deliveries and listens no longer', async () => {
    const channel = recorder();
    const { bus, dispatcher, warn } = start([{ channel }]);
    bus.emit('run:succeeded', { runId: 'r1', drive: 'BACKUP_1', tookMs: 1, gaps: false, stamped: true });
    await dispatcher.stop(1_000);
    warn('late.');
    await sleep(10);
    expect(channel.got).toHaveLength(1);
  });
});

test('other channels take over; what waits for a former one is still delivered', async () => {
  const former = recorder(1);
  const next = recorder();
  const { warn, dispatcher } = start([{ channel: former }]);
  warn('one.');
  dispatcher.use([{ channel: next }]);
  warn('two.');
  await dispatcher.stop(2_000);
  expect(former.got).toEqual(['one']);
  expect(next.got).toEqual(['two']);
});
