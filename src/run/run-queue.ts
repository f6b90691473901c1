import { randomBytes } from 'node:crypto';
import type { Trigger } from '../bus/events.ts';
import type { AttachKey } from '../records/attach-memory.ts';

// INVARIANTS
// 1. At most one run is in progress.
// 2. A disk is in the queue at most once, and never during its own run.
// 3. A started run is settled exactly once in every case.

/** A queued or present run. */
export interface RunOrder {
  readonly runId: string;
  readonly drive: string;
  readonly attach: AttachKey;
  readonly trigger: Trigger;
}

/** Performs one run; must not throw. The signal asks it to end soon, and gives the reason. */
export type CarryOut = (order: RunOrder, signal: AbortSignal) => Promise<void>;

/** Runs one after the other. */
export class RunQueue {
  readonly #carryOut: CarryOut;
  readonly #onDropped: (order: RunOrder, reason: Error) => void;
  readonly #waiting: RunOrder[] = [];
  #current:
    { readonly order: RunOrder; readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  #stopped = false;
  #whenIdle: (() => void)[] = [];

  /** `onDropped` is called for orders that leave the queue without being started. */
  constructor(carryOut: CarryOut, onDropped: (order: RunOrder, reason: Error) => void) {
    this.#carryOut = carryOut;
    this.#onDropped = onDropped;
  }

  /** The present run. */
  get current(): RunOrder | undefined {
    return this.#current?.order;
  }

  get waiting(): readonly RunOrder[] {
    return this.#waiting;
  }

  /** Adds a run, or returns the waiting run of the same disk. undefined during a run of that disk. */
  add(
    drive: string,
    attach: AttachKey,
    trigger: Trigger,
  ): { readonly order: RunOrder; readonly isNew: boolean } | undefined {
    if (this.current?.drive === drive) return undefined;
    const queued = this.#waiting.find((order) => order.drive === drive);
    if (queued) return { order: queued, isNew: false };
    const order: RunOrder = { runId: newRunId(), drive, attach, trigger };
    this.#waiting.push(order);
    queueMicrotask(() => {
      this.#next();
    });
    return { order, isNew: true };
  }

  /** Removes a waiting run, or ends the present one, with that reason. False when there is no such run. */
  end(runId: string, reason: Error): boolean {
    if (this.#current?.order.runId === runId) {
      this.#current.controller.abort(reason);
      return true;
    }
    const index = this.#waiting.findIndex((order) => order.runId === runId);
    const [dropped] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (dropped) this.#onDropped(dropped, reason);
    return dropped !== undefined;
  }

  /** Resolves when there is no present and no queued run. */
  idle(): Promise<void> {
    if (this.#current === undefined && this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Starts no further run, ends the present one with that reason, and waits until it has ended. */
  async stop(reason: Error): Promise<void> {
    this.#stopped = true;
    for (const order of this.#waiting.splice(0)) this.#onDropped(order, reason);
    this.#current?.controller.abort(reason);
    await this.#current?.done;
  }

  #next(): void {
    if (this.#current !== undefined || this.#stopped) return;
    const order = this.#waiting.shift();
    if (order === undefined) {
      for (const resolve of this.#whenIdle.splice(0)) resolve();
      return;
    }
    const controller = new AbortController();
    this.#current = { order, controller, done: this.#run(order, controller.signal) };
  }

  /** A run that breaks an invariant and throws must neither end the agent nor block the next run. */
  async #run(order: RunOrder, signal: AbortSignal): Promise<void> {
    await Promise.resolve(); // make the run the current one before it does anything
    try {
      await this.#carryOut(order, signal);
    } catch (error) {
      this.#onDropped(order, error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#current = undefined;
    }
    this.#next();
  }
}

/** Time first, so that run ids sort by start: 20261123T070000-1a2b3c. */
function newRunId(now = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '').slice(0, 15);
  return `${time}-${randomBytes(3).toString('hex')}`;
}
