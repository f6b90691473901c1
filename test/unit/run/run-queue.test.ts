import { describe, expect, it } from 'vitest';
import { CancelledError } from '../../../src/errors.ts';
import { RunQueue, type RunOrder } from '../../../src/run/run-queue.ts';

const attach = (diskseq: number) => ({ diskseq, luksUuid: `uuid-${diskseq}` });

/** A queue whose runs end when the test says so. */
function setUp() {
  const started: RunOrder[] = [];
  const dropped: RunOrder[] = [];
  const reasons: unknown[] = [];
  let finish: () => void = () => undefined;
  const queue = new RunQueue(
    (order, signal) =>
      new Promise((resolve) => {
        started.push(order);
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          resolve();
        });
        finish = resolve;
      }),
    (order) => {
      dropped.push(order);
    },
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    queue,
    started,
    dropped,
    reasons,
    settle,
    finish: async () => {
      finish();
      await settle();
    },
  };
}

describe('the run queue', () => {
  it('runs one at a time, in the order of asking', async () => {
    const { queue, started, settle, finish } = setUp();
    queue.add('A', attach(1), 'plug');
    queue.add('B', attach(2), 'plug');
    await settle();
    expect(started.map(({ drive }) => drive)).toEqual(['A']);
    await finish();
    expect(started.map(({ drive }) => drive)).toEqual(['A', 'B']);
  });

  it('takes a second wish for a waiting disk as the same one', async () => {
    const { queue, settle } = setUp();
    queue.add('A', attach(1), 'plug');
    await settle();
    const first = queue.add('B', attach(2), 'plug');
    const second = queue.add('B', attach(2), 'request');
    expect(second?.isNew).toBe(false);
    expect(second?.order.runId).toBe(first?.order.runId);
  });

  it('takes no wish for the disk that is running', async () => {
    const { queue, settle } = setUp();
    queue.add('A', attach(1), 'plug');
    await settle();
    expect(queue.add('A', attach(1), 'request')).toBeUndefined();
  });

  it('drops a waiting run, and ends the present one with the reason', async () => {
    const { queue, dropped, reasons, settle } = setUp();
    const running = queue.add('A', attach(1), 'plug')?.order;
    await settle();
    const waiting = queue.add('B', attach(2), 'plug')?.order;
    const reason = new CancelledError('no', 'more');
    expect(queue.end(waiting?.runId ?? '', reason)).toBe(true);
    expect(queue.end(running?.runId ?? '', reason)).toBe(true);
    expect(queue.end('unknown', reason)).toBe(false);
    expect(dropped).toEqual([waiting]);
    expect(reasons).toEqual([reason]);
  });

  it('is idle only when nothing runs and nothing waits', async () => {
    const { queue, settle, finish } = setUp();
    queue.add('A', attach(1), 'plug');
    queue.add('B', attach(2), 'plug');
    await settle();
    let idle = false;
    void queue.idle().then(() => {
      idle = true;
    });
    await finish();
    expect(idle).toBe(false);
    await finish();
    expect(idle).toBe(true);
  });

  it('stops: starts nothing more, and waits for the end of the present run', async () => {
    const { queue, started, dropped, settle } = setUp();
    queue.add('A', attach(1), 'plug');
    await settle();
    queue.add('B', attach(2), 'plug');
    await queue.stop(new CancelledError('stop', 'now'));
    await settle();
    expect(started).toHaveLength(1);
    expect(dropped.map(({ drive }) => drive)).toEqual(['B']);
  });
});
