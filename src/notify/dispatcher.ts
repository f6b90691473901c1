/**
 * From the bus to the channels. Each channel has a queue of its own, so a dead channel delays neither the others
 * nor a run: only {@link Dispatcher.stop} waits for deliveries.
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

/** A channel and the notices that it wants. */
export interface Subscription extends Wishes {
  readonly channel: Channel;
  /** Hours of local time, for example 22:00-07:00. */
  readonly quiet?: string | undefined;
}

/** The state of a channel of the settings. */
export type NamedHealth = ChannelHealth & { readonly name: string };

/** The part of a pino logger that is used here. */
export interface WarnLog {
  warn(fields: Record<string, unknown>, text: string): void;
}

export interface Dispatcher {
  /** Replaces the channels; notices that wait for a removed channel are still delivered. */
  use(subscriptions: readonly Subscription[]): void;
  /** The state of the present channels, in the order of the settings. */
  health(): NamedHealth[];
  /** Ends the subscription, sends the remaining notices, and waits for deliveries for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What can be tuned, mainly by tests. Milliseconds. */
export interface DispatcherTiming extends OutboxTiming {
  /** How long the notice of a run's end waits for the state of its disk. */
  readonly tellWithoutReleaseAfterMs: number;
}

const usualTiming: DispatcherTiming = {
  retryAfterMs: 15_000,
  laterAfterMs: 60_000,
  laterMostMs: 1_800_000,
  giveUpAfterMs: 7 * 86_400_000, // as long as the spool keeps them: a weekend without mail loses nothing
  tellWithoutReleaseAfterMs: 60_000,
};

/** Notices that survive the agent. */
export interface KeptNotices {
  readonly spool: NoticeSpool;
  /** Notices of a former agent without a delivery: sent first, late and perhaps for the second time. */
  readonly leftovers: readonly Leftover[];
}

/** Subscribes to the bus and gives each channel the notices that it wants. */
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

/** The queue of one channel, and the notices that the channel wants. */
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
  /** Leftovers whose channel has been removed: they wait until it returns, as long as the spool keeps them. */
  #untold: readonly Leftover[];
  #present: readonly Queue[] = [];
  /** Queues of removed channels, until they are empty. */
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

  /** Replaces the channels, and gives each its leftovers of a former agent. */
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

  /** Gives each notice to the channels that want it. */
  put(news: readonly Notice[]): void {
    for (const notice of news) {
      for (const { subscription, outbox } of this.#present) {
        if (isWanted(notice, subscription)) outbox.put(notice);
      }
    }
  }

  /** Waits for deliveries for at most `graceMs`, then ends the remaining ones. */
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
