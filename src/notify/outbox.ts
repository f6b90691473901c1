import { pause } from '../system/pause.ts';
import type { Channel, Notice } from './channel.ts';
import type { Forget } from './notice-spool.ts';

/** The queue of one channel: in order, one at a time, two tries each. */
export interface Outbox {
  /**
   * Takes a notice and returns at once. When too many wait, the oldest is given up.
   * @param kept by a former agent; otherwise the outbox keeps it
   */
  put(notice: Notice, kept?: Forget): void;
  /** Resolves when nothing waits any more. Never rejects. */
  idle(): Promise<void>;
  /** Ends the delivery that is going on. What is not delivered stays kept, for the next agent. */
  close(): void;
}

const mostWaiting = 50;

interface Item {
  readonly notice: Notice;
  /** Nothing is sent before it is kept, or cannot be. */
  readonly kept: Promise<Forget>;
}

/**
 * @param keep keeps a notice until it is delivered or given up; must not reject
 * @param retryAfterMs pause before the second try
 * @param onLost told of each notice that was given up; must not throw
 */
export function createOutbox(channel: Channel, keep: (notice: Notice) => Promise<Forget>, retryAfterMs: number, onLost: (notice: Notice, error: unknown) => void): Outbox {
  const waiting: Item[] = [];
  const closing = new AbortController();
  let work: Promise<void> | undefined;

  const deliver = async (notice: Notice): Promise<void> => {
    try {
      await channel.send(notice, closing.signal);
    } catch (first) {
      if (!closing.signal.aborted) await pause(retryAfterMs, closing.signal);
      if (closing.signal.aborted) throw first;
      await channel.send(notice, closing.signal);
    }
  };

  const giveUp = async ({ notice, kept }: Item, reason: unknown): Promise<void> => {
    onLost(notice, reason);
    await (await kept)();
  };

  const drain = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      const forget = await item.kept;
      try {
        await deliver(item.notice);
        await forget();
      } catch (error) {
        if (closing.signal.aborted) onLost(item.notice, error);
        else await giveUp(item, error);
      }
    }
    work = undefined;
  };

  return {
    put: (notice, kept) => {
      const item = { notice, kept: kept === undefined ? keep(notice) : Promise.resolve(kept) };
      if (closing.signal.aborted) {
        onLost(notice, stopping());
        return;
      }
      waiting.push(item);
      const oldest = waiting.length > mostWaiting ? waiting.shift() : undefined;
      if (oldest !== undefined) void giveUp(oldest, new Error('too many notices wait for this channel'));
      work ??= drain();
    },
    idle: async () => {
      while (work !== undefined) await work;
    },
    close: () => {
      closing.abort();
      for (const { notice } of waiting.splice(0)) onLost(notice, stopping());
    },
  };
}

const stopping = (): Error => new Error('the agent is stopping; the next one tries again');
