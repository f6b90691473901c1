import { pause } from '../system/pause.ts';
import type { Channel, Notice } from './channel.ts';
import { messageOf } from '../errors.ts';
import type { Forget } from './notice-spool.ts';
import { urgency } from './priority.ts';
import { toldLate } from './told-late.ts';

/** Milliseconds. */
export interface OutboxTiming {
  /** Pause before the second try of a delivery. */
  readonly retryAfterMs: number;
  /** Pause after two failures: the network may be back by then. It doubles with each try. */
  readonly laterAfterMs: number;
  /** The longest such pause. */
  readonly laterMostMs: number;
  /** A notice is given up after this time. */
  readonly giveUpAfterMs: number;
}

/** The state of a channel. */
export interface ChannelHealth {
  /** Notices whose delivery failed and is tried again. */
  readonly undelivered: number;
  /** Notices that wait for the end of the quiet hours. */
  readonly heldBack: number;
  /** Time of the first notice that failed since the last delivery; ISO 8601, UTC. */
  readonly since: string | null;
  /** The error of the last try; null after a delivery. */
  readonly error: string | null;
}

/** The surroundings of an outbox. None of these functions may throw or reject. */
export interface OutboxParts {
  /** Keeps a notice until it is delivered or given up. */
  keep(notice: Notice): Promise<Forget>;
  /** Called when the first tries of a notice fail, and again when the notice is given up. */
  onTrouble(notice: Notice, error: unknown): void;
  /** Called when the state of the channel changes. */
  onHealth?(): void;
  /** Milliseconds until the end of the quiet hours; 0 for a notice that is sent at once. */
  holdBackMs?(notice: Notice): number;
}

const mostWaiting = 50;

interface Item {
  readonly notice: Notice;
  /** The reason for a delay, if there is one. */
  readonly late: false | 'failed' | 'quiet';
  readonly since: number;
  /** Settles when the notice is kept, or cannot be kept; only then is it sent. */
  readonly kept: Promise<Forget>;
}

/** The queue of one channel: in order, one at a time, two tries each, then further tries until it is given up. */
export class Outbox {
  readonly #channel: Channel;
  readonly #parts: OutboxParts;
  readonly #timing: OutboxTiming;
  readonly #waiting: Item[] = [];
  readonly #later: Item[] = [];
  readonly #closing = new AbortController();
  /** 1 while a notice that is tried again later is being delivered; 0 otherwise. */
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
   * Takes a notice and returns at once. If too many wait, the least urgent is given up.
   * @param kept by a former agent, and therefore late; otherwise the outbox keeps it
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

  /** Hands all waiting notices, now and later, to the outbox of the same channel with other settings. */
  passTo(successor: Outbox): void {
    this.#successor = successor;
    clearTimeout(this.#timer);
    for (const item of [...this.#later.splice(0), ...this.#waiting.splice(0)]) successor.#take(item);
    if (this.#failing) successor.#failing ??= this.#failing;
  }

  /** Resolves when no delivery is in progress. Never rejects. */
  async idle(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /** Ends the delivery in progress. Undelivered notices stay kept for the next agent. */
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
    this.#schedule(Math.min(quietMs, this.#timing.laterMostMs)); // looks again by then, in case the clock was set
    this.#parts.onHealth?.();
  }

  /** @returns false when an earlier pause has not ended */
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
    const least = items.reduce((one, other) => (urgencyOf(other) < urgencyOf(one) ? other : one)); // the oldest first
    items.splice(items.indexOf(least), 1);
    void this.#giveUp(least, tooMany());
  }

  async #giveUp({ notice, kept }: Item, reason: unknown): Promise<void> {
    this.#parts.onTrouble(notice, reason);
    const forget = await kept;
    await forget();
  }
}

/** The notice of a run's start is out of date when the run is over. */
const mattersLater = ({ kind }: Notice): boolean => kind !== 'started';

const urgencyOf = ({ notice }: Item): number => urgency(notice.priority);

const notKept: Promise<Forget> = Promise.resolve(() => Promise.resolve());

const tooMany = (): Error => new Error('too many notices wait for this channel');
const stopping = (): Error => new Error('the agent is stopping; the next one tries again');
