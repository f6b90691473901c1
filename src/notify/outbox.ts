import { pause } from '../system/pause.ts';
import type { Channel, Notice } from './channel.ts';
import { messageOf } from '../errors.ts';
import type { Forget } from './notice-spool.ts';
import { urgency } from './priority.ts';
import { toldLate } from './wording.ts';

/** Milliseconds. */
export interface OutboxTiming {
  /** Pause before the second try of a delivery. */
  readonly retryAfterMs: number;
  /** Pause after two failures: the network may be back by then. It doubles with each try. */
  readonly laterAfterMs: number;
  /** The longest such pause. */
  readonly laterMostMs: number;
  /** No notice is tried for longer. */
  readonly giveUpAfterMs: number;
}

/** How a channel is doing. */
export interface ChannelHealth {
  /** Notices that were tried in vain and are tried again. */
  readonly undelivered: number;
  /** Notices that wait for the end of the quiet hours. */
  readonly heldBack: number;
  /** Time of the first notice since the last delivery that could not be delivered; ISO 8601, UTC. */
  readonly since: string | null;
  /** What the last try came to; null after a delivery. */
  readonly error: string | null;
}

/** What an outbox needs besides its channel. None of these may throw or reject. */
export interface OutboxParts {
  /** Keeps a notice until it is delivered or given up. */
  keep(notice: Notice): Promise<Forget>;
  /** Told once of each notice that does not go out at first, and when it is given up later. */
  onTrouble(notice: Notice, error: unknown): void;
  /** Its health has changed. */
  onHealth?(): void;
  /** So many milliseconds are left of the quiet hours; 0 for what is told at once. */
  holdBackMs?(notice: Notice): number;
}

const mostWaiting = 50;

interface Item {
  readonly notice: Notice;
  /** Why it comes late, if it does. */
  readonly late: false | 'failed' | 'quiet';
  readonly since: number;
  /** Nothing is sent before it is kept, or cannot be. */
  readonly kept: Promise<Forget>;
}

/** The queue of one channel: in order, one at a time, two tries each, and later again for as long as it is worth it. */
export class Outbox {
  readonly #channel: Channel;
  readonly #parts: OutboxParts;
  readonly #timing: OutboxTiming;
  readonly #waiting: Item[] = [];
  readonly #later: Item[] = [];
  readonly #closing = new AbortController();
  /** Whether one that matters later is on its way: 1 or 0. */
  #beingTried = 0;
  #work: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #laterMs: number;
  #failing: { since: string; error: string } | undefined;
  #successor: Outbox | undefined;

  constructor(channel: Channel, timing: OutboxTiming, parts: OutboxParts) {
    this.#channel = channel;
    this.#timing = timing;
    this.#parts = parts;
    this.#laterMs = timing.laterAfterMs;
  }

  get health(): ChannelHealth {
    const heldBack = this.#later.filter(({ late }) => late === 'quiet').length;
    return {
      undelivered:
        this.#failing === undefined ? 0 : this.#later.length - heldBack + this.#waiting.length + this.#beingTried,
      heldBack,
      since: this.#failing?.since ?? null,
      error: this.#failing?.error ?? null,
    };
  }

  /**
   * Takes a notice and returns at once. When too many wait, the least urgent is given up.
   * @param kept by a former agent, and so told late; otherwise the outbox keeps it
   */
  put(notice: Notice, kept?: Forget): void {
    const late = kept === undefined ? false : 'failed';
    this.#take({
      notice: late === false ? notice : toldLate(notice),
      late,
      since: performance.now(),
      kept: kept !== undefined ? Promise.resolve(kept) : mattersLater(notice) ? this.#parts.keep(notice) : notKept,
    });
  }

  /** Hands what waits, now and later, to the outbox of the same channel with other settings. */
  passTo(successor: Outbox): void {
    this.#successor = successor;
    clearTimeout(this.#timer);
    for (const item of [...this.#later.splice(0), ...this.#waiting.splice(0)]) successor.#take(item);
    if (this.#failing) successor.#failing ??= this.#failing;
  }

  /** Resolves when nothing is being tried any more. Never rejects. */
  async idle(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /** Ends the delivery that is going on. What is not delivered stays kept, for the next agent. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
    for (const { notice } of this.#waiting.splice(0)) this.#parts.onTrouble(notice, stopping());
  }

  #take(item: Item): void {
    if (this.#closing.signal.aborted) {
      this.#parts.onTrouble(item.notice, stopping());
      return;
    }
    this.#waiting.push(item);
    this.#boundLengthOf(this.#waiting);
    this.#work ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      const forget = await item.kept;
      const quietMs = this.#parts.holdBackMs?.(item.notice) ?? 0;
      if (quietMs > 0) {
        this.#holdBack(item, quietMs);
        continue;
      }
      this.#beingTried = mattersLater(item.notice) ? 1 : 0;
      try {
        await this.#deliver(item.notice);
        this.#laterMs = this.#timing.laterAfterMs;
        await forget();
      } catch (error) {
        if (this.#closing.signal.aborted) this.#parts.onTrouble(item.notice, error);
        else if (!mattersLater(item.notice)) await this.#giveUp(item, error);
        else if (performance.now() - item.since > this.#timing.giveUpAfterMs) await this.#giveUp(item, error);
        else this.#tryLater(item, error);
      }
      this.#beingTried = 0;
    }
    this.#work = undefined;
  }

  async #deliver(notice: Notice): Promise<void> {
    const { signal } = this.#closing;
    try {
      await this.#channel.send(notice, signal);
    } catch (first) {
      this.#fail(notice, first);
      if (!signal.aborted) await pause(this.#timing.retryAfterMs, signal);
      if (signal.aborted) throw first;
      try {
        await this.#channel.send(notice, signal);
      } catch (second) {
        this.#fail(notice, second);
        throw second;
      }
    }
    this.#setFailing(undefined);
  }

  #fail({ at }: Notice, error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#setFailing({ since: this.#failing?.since ?? at, error: messageOf(error) });
  }

  #setFailing(failing: { since: string; error: string } | undefined): void {
    if (this.#successor) this.#successor.#setFailing(failing);
    if (this.#failing === undefined && failing === undefined) return;
    this.#failing = failing;
    this.#parts.onHealth?.();
  }

  #tryLater(item: Item, error: unknown): void {
    if (item.late === false) this.#parts.onTrouble(item.notice, error);
    const late: Item =
      item.late === false ? { ...item, notice: toldLate(item.notice), late: 'failed' } : { ...item, late: 'failed' };
    if (this.#successor) {
      this.#successor.#take(late);
      return;
    }
    this.#later.push(late);
    this.#boundLengthOf(this.#later);
    if (this.#schedule(this.#laterMs)) this.#laterMs = Math.min(this.#laterMs * 2, this.#timing.laterMostMs);
    this.#parts.onHealth?.();
  }

  #holdBack(item: Item, quietMs: number): void {
    this.#later.push(item.late === false ? { ...item, notice: toldLate(item.notice, 'quiet'), late: 'quiet' } : item);
    this.#boundLengthOf(this.#later);
    this.#schedule(Math.min(quietMs, this.#timing.laterMostMs)); // a clock that is set does not keep it back
    this.#parts.onHealth?.();
  }

  /** @returns false when an earlier pause still goes on */
  #schedule(ms: number): boolean {
    if (this.#timer !== undefined) return false;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#waiting.unshift(...this.#later.splice(0));
      this.#work ??= this.#drain();
    }, ms).unref();
    return true;
  }

  #boundLengthOf(items: Item[]): void {
    if (items.length <= mostWaiting) return;
    const least = items.reduce((one, other) => (urgencyOf(other) < urgencyOf(one) ? other : one)); // the oldest of them
    items.splice(items.indexOf(least), 1);
    void this.#giveUp(least, tooMany());
  }

  async #giveUp({ notice, kept }: Item, reason: unknown): Promise<void> {
    this.#parts.onTrouble(notice, reason);
    const forget = await kept;
    await forget();
  }
}

/** That a run has begun is no news any more when it is over. */
const mattersLater = ({ kind }: Notice): boolean => kind !== 'started';

const urgencyOf = ({ notice }: Item): number => urgency(notice.priority);

const notKept: Promise<Forget> = Promise.resolve(() => Promise.resolve());

const tooMany = (): Error => new Error('too many notices wait for this channel');
const stopping = (): Error => new Error('the agent is stopping; the next one tries again');
