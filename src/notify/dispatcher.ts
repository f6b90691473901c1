/**
 * From the bus to the channels. Each channel has a queue of its own, so that a dead one delays neither the others
 * nor a run: nobody but {@link Dispatcher.stop} ever waits for a delivery.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../bus/bus.ts';
import type { EventMap } from '../bus/events.ts';
import { messageOf } from '../errors.ts';
import type { Channel, Notice } from './channel.ts';
import type { NoticeMaker } from './notices.ts';
import { noSpool, type Leftover, type NoticeSpool } from './notice-spool.ts';
import { Outbox, type ChannelHealth, type OutboxTiming } from './outbox.ts';
import { isWanted, type Wishes } from './priority.ts';
import { holdBackFor } from './quiet-hours.ts';
import { createRepeats } from './repeats.ts';

/** A channel and what it wants to hear. */
export interface Subscription extends Wishes {
  readonly channel: Channel;
  /** Hours of local time, for example 22:00-07:00. */
  readonly quiet?: string | undefined;
}

/** How a channel of the settings is doing. */
export type NamedHealth = ChannelHealth & { readonly name: string };

/** The part of a pino logger that is used here. */
export interface WarnLog {
  warn(fields: Record<string, unknown>, text: string): void;
}

export interface Dispatcher {
  /** Other channels from now on; what waits for the present ones is still delivered. */
  use(subscriptions: readonly Subscription[]): void;
  /** How the present channels are doing, in the order of the settings. */
  health(): NamedHealth[];
  /** Ends the subscription, tells what is still untold, and waits for deliveries for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What can be tuned, mainly by tests. Milliseconds. */
export interface DispatcherTiming extends OutboxTiming {
  /** How long the end of a run waits for word about its disk. */
  readonly tellWithoutReleaseAfterMs: number;
}

const usualTiming: DispatcherTiming = {
  retryAfterMs: 15_000,
  laterAfterMs: 60_000,
  laterMostMs: 1_800_000,
  giveUpAfterMs: 7 * 86_400_000, // as long as the spool keeps them: a weekend without mail loses nothing
  tellWithoutReleaseAfterMs: 60_000,
};

/** What survives the agent. */
export interface KeptNotices {
  readonly spool: NoticeSpool;
  /** What a former agent could not deliver: told first, late and perhaps for the second time. */
  readonly leftovers: readonly Leftover[];
}

/** Subscribes to the bus and tells each channel what it wants to hear. */
export function startDispatcher(
  bus: Bus,
  notices: NoticeMaker,
  subscriptions: readonly Subscription[],
  log: WarnLog,
  changedTiming: Partial<DispatcherTiming> = {},
  kept: KeptNotices = { spool: noSpool, leftovers: [] },
  onHealth: () => void = () => undefined,
): Dispatcher {
  const timing = { ...usualTiming, ...changedTiming };
  const outboxes = new Outboxes(subscriptions, timing, log, kept, onHealth);
  const repeats = createRepeats();
  let timer: NodeJS.Timeout | undefined;
  const off = bus.onAny((name, event) => {
    if (name === 'warning:settled') repeats.settle((event as EventMap['warning:settled']).topic);
    outboxes.put(notices.take(name, event).filter((notice) => repeats.isNews(notice)));
    clearTimeout(timer);
    if (!notices.waiting) return;
    timer = setTimeout(() => {
      outboxes.put(notices.flush());
    }, timing.tellWithoutReleaseAfterMs).unref();
  });
  return {
    use: (others) => {
      outboxes.use(others);
    },
    health: () => outboxes.health(),
    stop: async (graceMs) => {
      off();
      clearTimeout(timer);
      outboxes.put(notices.flush());
      await outboxes.close(graceMs);
    },
  };
}

/** The queue of one channel, and what the channel wants to hear. */
interface Queue {
  /** Name of the channel in the spool. */
  readonly key: string;
  readonly subscription: Subscription;
  readonly outbox: Outbox;
}

/** The queues of all channels. */
class Outboxes {
  readonly #timing: OutboxTiming;
  readonly #log: WarnLog;
  readonly #spool: NoticeSpool;
  readonly #onHealth: () => void;
  /** Those of a channel that is not there any more wait for it, for as long as the spool keeps them. */
  #untold: readonly Leftover[];
  #present: readonly Queue[] = [];
  /** Of channels that are not wanted any more, until they are empty. */
  readonly #former = new Set<Queue>();

  constructor(
    subscriptions: readonly Subscription[],
    timing: OutboxTiming,
    log: WarnLog,
    { spool, leftovers }: KeptNotices,
    onHealth: () => void,
  ) {
    this.#onHealth = onHealth;
    this.#timing = timing;
    this.#log = log;
    this.#spool = spool;
    this.#untold = leftovers;
    this.use(subscriptions);
  }

  /** Other channels from now on; they are told what a former agent could not tell them. */
  use(subscriptions: readonly Subscription[]): void {
    const queues = subscriptions.map((subscription, index) =>
      this.#queueFor(subscription, keyOf(subscription, subscriptions.slice(0, index))),
    );
    for (const old of this.#present) {
      const successor = queues.find(({ key }) => key === old.key);
      if (successor) old.outbox.passTo(successor.outbox);
      this.#former.add(old);
      void old.outbox.idle().then(() => this.#former.delete(old));
    }
    this.#present = queues;
    this.#untold = this.#untold.filter(({ channel, notice, forget }) => {
      const own = queues.find(({ key }) => key === channel);
      own?.outbox.put(notice, forget);
      return own === undefined;
    });
  }

  /** Gives each notice to the channels that want to hear it. */
  put(news: readonly Notice[]): void {
    for (const notice of news) {
      for (const { subscription, outbox } of this.#present) {
        if (isWanted(notice, subscription)) outbox.put(notice);
      }
    }
  }

  /** Waits for deliveries for at most `graceMs`, and ends those that still go on. */
  async close(graceMs: number): Promise<void> {
    const all = [...this.#present, ...this.#former];
    const idle = Promise.all(all.map(({ outbox }) => outbox.idle()));
    const grace = new AbortController();
    await Promise.race([idle, sleep(graceMs, undefined, { signal: grace.signal }).catch(() => undefined)]);
    grace.abort();
    for (const { outbox } of all) outbox.close();
  }

  health(): NamedHealth[] {
    return this.#present.map(({ subscription: { channel }, outbox }) => ({ name: channel.name, ...outbox.health }));
  }

  #queueFor(subscription: Subscription, key: string): Queue {
    const { channel, quiet } = subscription;
    const outbox = new Outbox(channel, this.#timing, {
      keep: (notice) => this.#spool.keep(key, notice),
      onTrouble: ({ kind, drive }, error) => {
        const reason = messageOf(error);
        this.#log.warn({ channel: channel.name, kind, drive, reason }, 'a notification was not delivered');
      },
      onHealth: this.#onHealth,
      holdBackMs: (notice) => holdBackFor(notice, quiet, new Date()),
    });
    return { key, subscription, outbox };
  }
}

/** Two entries of the configuration may have the same name. */
const keyOf = ({ channel: { name } }: Subscription, before: readonly Subscription[]): string =>
  `${name} (${before.filter(({ channel }) => channel.name === name).length})`;
