import { pause } from '../system/pause.ts';
import type { Channel, Notice } from './channel.ts';
import type { Forget } from './notice-spool.ts';
import { toldLate } from './wording.ts';

/** Milliseconds. */
export interface OutboxTiming {
  /** Pause before the second try of a delivery. */
  readonly retryAfterMs: number;
  /** Pause before what failed twice is tried again: the network may be back by then. */
  readonly laterAfterMs: number;
  /** No notice is tried for longer. */
  readonly giveUpAfterMs: number;
}

const mostWaiting = 50;

interface Item {
  readonly notice: Notice;
  readonly late: boolean;
  readonly since: number;
  /** Nothing is sent before it is kept, or cannot be. */
  readonly kept: Promise<Forget>;
}

/** The queue of one channel: in order, one at a time, two tries each, and later again for as long as it is worth it. */
export class Outbox {
  readonly #channel: Channel;
  readonly #keep: (notice: Notice) => Promise<Forget>;
  readonly #timing: OutboxTiming;
  readonly #onTrouble: (notice: Notice, error: unknown) => void;
  readonly #waiting: Item[] = [];
  readonly #later: Item[] = [];
  readonly #closing = new AbortController();
  #work: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param keep keeps a notice until it is delivered or given up; must not reject
   * @param onTrouble told once of each notice that does not go out at first, and when it is given up later; must not throw
   */
  constructor(
    channel: Channel,
    keep: (notice: Notice) => Promise<Forget>,
    timing: OutboxTiming,
    onTrouble: (notice: Notice, error: unknown) => void,
  ) {
    this.#channel = channel;
    this.#keep = keep;
    this.#timing = timing;
    this.#onTrouble = onTrouble;
  }

  /**
   * Takes a notice and returns at once. When too many wait, the oldest is given up.
   * @param kept by a former agent, and so told late; otherwise the outbox keeps it
   */
  put(notice: Notice, kept?: Forget): void {
    const late = kept !== undefined;
    const item: Item = {
      notice: late ? toldLate(notice) : notice,
      late,
      since: performance.now(),
      kept: late ? Promise.resolve(kept) : this.#keep(notice),
    };
    if (this.#closing.signal.aborted) {
      this.#onTrouble(notice, stopping());
      return;
    }
    this.#waiting.push(item);
    this.#boundLengthOf(this.#waiting);
    this.#work ??= this.#drain();
  }

  /** Resolves when nothing is being tried any more. Never rejects. */
  async idle(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /** Ends the delivery that is going on. What is not delivered stays kept, for the next agent. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
    for (const { notice } of this.#waiting.splice(0)) this.#onTrouble(notice, stopping());
  }

  async #drain(): Promise<void> {
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      const forget = await item.kept;
      try {
        await this.#deliver(item.notice);
        await forget();
      } catch (error) {
        if (this.#closing.signal.aborted) this.#onTrouble(item.notice, error);
        else if (performance.now() - item.since > this.#timing.giveUpAfterMs) await this.#giveUp(item, error);
        else this.#tryLater(item, error);
      }
    }
    this.#work = undefined;
  }

  async #deliver(notice: Notice): Promise<void> {
    const { signal } = this.#closing;
    try {
      await this.#channel.send(notice, signal);
    } catch (first) {
      if (!signal.aborted) await pause(this.#timing.retryAfterMs, signal);
      if (signal.aborted) throw first;
      await this.#channel.send(notice, signal);
    }
  }

  #tryLater(item: Item, error: unknown): void {
    if (!item.late) this.#onTrouble(item.notice, error);
    this.#later.push(item.late ? item : { ...item, notice: toldLate(item.notice), late: true });
    this.#boundLengthOf(this.#later);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#waiting.unshift(...this.#later.splice(0));
      this.#work ??= this.#drain();
    }, this.#timing.laterAfterMs).unref();
  }

  #boundLengthOf(items: Item[]): void {
    const oldest = items.length > mostWaiting ? items.shift() : undefined;
    if (oldest !== undefined) void this.#giveUp(oldest, tooMany());
  }

  async #giveUp({ notice, kept }: Item, reason: unknown): Promise<void> {
    this.#onTrouble(notice, reason);
    const forget = await kept;
    await forget();
  }
}

const tooMany = (): Error => new Error('too many notices wait for this channel');
const stopping = (): Error => new Error('the agent is stopping; the next one tries again');
