/**
 * From the bus to the channels. Each channel has a queue of its own, so that a dead one delays neither the others
 * nor a run: nobody but {@link Dispatcher.stop} ever waits for a delivery.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../bus/bus.ts';
import type { NotifyEvent } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import type { Channel, Notice } from './channel.ts';
import type { NoticeMaker } from './notices.ts';
import { createOutbox } from './outbox.ts';

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
export interface DispatcherTiming {
  /** Pause before the only second try of a delivery. */
  readonly retryAfterMs: number;
  /** How long the end of a run waits for word about its disk. */
  readonly tellWithoutReleaseAfterMs: number;
}

const usualTiming: DispatcherTiming = { retryAfterMs: 15_000, tellWithoutReleaseAfterMs: 60_000 };

/** Subscribes to the bus and tells each channel what it wants to hear. */
export function startDispatcher(
  bus: Bus,
  notices: NoticeMaker,
  subscriptions: readonly Subscription[],
  log: WarnLog,
  timing: DispatcherTiming = usualTiming,
): Dispatcher {
  const outboxFor = ({ channel, events }: Subscription) => ({
    events,
    outbox: createOutbox(channel, timing.retryAfterMs, (notice, error) => {
      log.warn({ channel: channel.name, kind: notice.kind, drive: notice.drive, reason: messageOf(error) }, 'a notification was not delivered');
    }),
  });
  let outboxes = subscriptions.map(outboxFor);
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
      outboxes = others.map(outboxFor);
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
