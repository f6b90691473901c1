import { randomBytes } from 'node:crypto';
import type { Trigger } from '../bus/events.ts';
import type { AttachKey } from '../records/attach-memory.ts';

// INVARIANTS
// 1. At most one run is going on.
// 2. A disk stands in the queue at most once, and never while its own run is going on.
// 3. A run that was started is settled exactly once, whatever happens to it.

/** A run that waits or is going on. */
export interface RunOrder {
  readonly runId: string;
  readonly drive: string;
  readonly attach: AttachKey;
  readonly trigger: Trigger;
}

/** Carries one run out; must not throw. The signal asks it to end soon, by its reason. */
export type CarryOut = (order: RunOrder, signal: AbortSignal) => Promise<void>;

/** Runs one after the other. */
export interface RunQueue {
  readonly current: RunOrder | undefined;
  readonly waiting: readonly RunOrder[];
  /** Adds a run, or returns the one for the same disk that waits already. undefined while that disk's run is going on. */
  add(
    drive: string,
    attach: AttachKey,
    trigger: Trigger,
  ): { readonly order: RunOrder; readonly isNew: boolean } | undefined;
  /** Takes a waiting run out; ends the one that is going on, with that reason. False when there is no such run. */
  end(runId: string, reason: Error): boolean;
  /** Resolves when nothing is going on and nothing waits. */
  idle(): Promise<void>;
  /** Starts no further run, ends the present one with that reason and waits for its end. */
  stop(reason: Error): Promise<void>;
}

/** A {@link RunQueue}; `onDropped` hears of orders that leave it without having been started. */
export function createRunQueue(carryOut: CarryOut, onDropped: (order: RunOrder, reason: Error) => void): RunQueue {
  const waiting: RunOrder[] = [];
  let current:
    { readonly order: RunOrder; readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  let stopped = false;
  let whenIdle: (() => void)[] = [];

  const next = (): void => {
    if (current !== undefined || stopped) return;
    const order = waiting.shift();
    if (order === undefined) {
      for (const resolve of whenIdle) resolve();
      whenIdle = [];
      return;
    }
    const controller = new AbortController();
    const done = (async () => {
      try {
        await carryOut(order, controller.signal);
      } finally {
        current = undefined;
      }
      next();
    })();
    current = { order, controller, done };
  };

  return {
    get current() {
      return current?.order;
    },
    waiting,
    add: (drive, attach, trigger) => {
      if (current?.order.drive === drive) return undefined;
      const queued = waiting.find((order) => order.drive === drive);
      if (queued) return { order: queued, isNew: false };
      const order: RunOrder = { runId: newRunId(), drive, attach, trigger };
      waiting.push(order);
      queueMicrotask(next);
      return { order, isNew: true };
    },
    end: (runId, reason) => {
      if (current?.order.runId === runId) {
        current.controller.abort(reason);
        return true;
      }
      const index = waiting.findIndex((order) => order.runId === runId);
      const [dropped] = index < 0 ? [] : waiting.splice(index, 1);
      if (dropped) onDropped(dropped, reason);
      return dropped !== undefined;
    },
    idle: () =>
      current === undefined && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => whenIdle.push(resolve)),
    stop: async (reason) => {
      stopped = true;
      for (const order of waiting.splice(0)) onDropped(order, reason);
      current?.controller.abort(reason);
      await current?.done;
    },
  };
}

/** Time first, so that run ids sort by start: 20261123T070000-1a2b3c. */
function newRunId(now = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '').slice(0, 15);
  return `${time}-${randomBytes(3).toString('hex')}`;
}
