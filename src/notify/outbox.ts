import { pause } from '../system/pause.ts';
import type { Channel, Notice } from './channel.ts';

/** The queue of one channel: in order, one at a time, two tries each. */
export interface Outbox {
  /** Takes a notice and returns at once. When too many wait, the oldest is given up. */
  put(notice: Notice): void;
  /** Resolves when nothing waits any more. Never rejects. */
  idle(): Promise<void>;
  /** Ends the delivery that is going on and gives up the rest. */
  close(): void;
}

const mostWaiting = 50;

/**
 * @param retryAfterMs pause before the second try
 * @param onLost told of each notice that was given up; must not throw
 */
export function createOutbox(channel: Channel, retryAfterMs: number, onLost: (notice: Notice, error: unknown) => void): Outbox {
  const waiting: Notice[] = [];
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

  const drain = async (): Promise<void> => {
    for (let notice = waiting.shift(); notice !== undefined; notice = waiting.shift()) {
      try {
        await deliver(notice);
      } catch (error) {
        onLost(notice, error);
      }
    }
    work = undefined;
  };

  return {
    put: (notice) => {
      if (closing.signal.aborted) {
        onLost(notice, new Error('the agent is stopping'));
        return;
      }
      waiting.push(notice);
      const oldest = waiting.length > mostWaiting ? waiting.shift() : undefined;
      if (oldest !== undefined) onLost(oldest, new Error('too many notices wait for this channel'));
      work ??= drain();
    },
    idle: async () => {
      while (work !== undefined) await work;
    },
    close: () => {
      closing.abort();
      for (const notice of waiting.splice(0)) onLost(notice, new Error('the agent is stopping'));
    },
  };
}
