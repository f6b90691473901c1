/**
 * From the bus to the channels. Each channel has a queue of its own, so that a dead one delays neither the others
 * nor a run: nobody but {@link Dispatcher.stop} ever waits for a delivery.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../bus/bus.ts';
import type { NotifyEvent } from '../config/notify-schema.ts';
import { messageOf } from '../errors.ts';
import type { Channel, Notice } from './channel.ts';
import type { NoticeMaker } from './notices.ts';
import { noSpool, type Leftover, type NoticeSpool } from './notice-spool.ts';
import { createOutbox, type OutboxTiming } from './outbox.ts';

/** A channel and what it wants to hear; everything when `events` is undefined. */
export interface Subscription {
  readonly channel: Channel;
  readonly events?: readonly NotifyEvent[] | undefined;
}

/** The part of a pino logger that is used here. */
export interface WarnLog {
  warn(fields: Record<string, unknown>, text: string): void;
}

export interface Dispatcher {
  /** Other channels from now on; what waits for the present ones is still delivered. */
  use(subscriptions: readonly Subscription[]): void;
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
  laterAfterMs: 900_000,
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
  { spool, leftovers }: KeptNotices = { spool: noSpool, leftovers: [] },
): Dispatcher {
  const timing = { ...usualTiming, ...changedTiming };
  const outboxFor = ({ channel, events }: Subscription, index: number, all: readonly Subscription[]) => {
    // Two entries of the configuration may have the same name.
    const key = `${channel.name} (${all.slice(0, index).filter((other) => other.channel.name === channel.name).length})`;
    const keep = (notice: Notice) => spool.keep(key, notice);
    const outbox = createOutbox(channel, keep, timing, (notice, error) => {
      log.warn(
        { channel: channel.name, kind: notice.kind, drive: notice.drive, reason: messageOf(error) },
        'a notification was not delivered',
      );
    });
    return { key, events, outbox };
  };
  let untold = leftovers; // those of a channel that is not there any more wait for it, for as long as the spool keeps them
  const makeOutboxes = (wanted: readonly Subscription[]) => {
    const made = wanted.map(outboxFor);
    untold = untold.filter(({ channel, notice, forget }) => {
      const own = made.find(({ key }) => key === channel);
      own?.outbox.put(notice, forget);
      return own === undefined;
    });
    return made;
  };
  let outboxes = makeOutboxes(subscriptions);
  const former = new Set<(typeof outboxes)[number]>();
  const tell = (news: readonly Notice[]): void => {
    for (const notice of news) {
      for (const { events, outbox } of outboxes) {
        if (events === undefined || events.includes(notice.kind)) outbox.put(notice);
      }
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const off = bus.onAny((name, event) => {
    tell(notices.take(name, event));
    clearTimeout(timer);
    if (!notices.waiting) return;
    timer = setTimeout(() => {
      tell(notices.flush());
    }, timing.tellWithoutReleaseAfterMs).unref();
  });
  return {
    use: (others) => {
      for (const old of outboxes) {
        former.add(old);
        void old.outbox.idle().then(() => former.delete(old));
      }
      outboxes = makeOutboxes(others);
    },
    stop: async (graceMs) => {
      off();
      clearTimeout(timer);
      tell(notices.flush());
      const all = [...outboxes, ...former];
      const idle = Promise.all(all.map(({ outbox }) => outbox.idle()));
      const grace = new AbortController();
      await Promise.race([idle, sleep(graceMs, undefined, { signal: grace.signal }).catch(() => undefined)]);
      grace.abort();
      for (const { outbox } of all) outbox.close();
    },
  };
}
