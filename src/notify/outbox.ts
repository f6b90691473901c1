import { pause } from '../system/pause.ts';
import type { Channel, Notice } from './channel.ts';
import type { Forget } from './notice-spool.ts';
import { toldLate } from './wording.ts';

/** The queue of one channel: in order, one at a time, two tries each, and later again for as long as it is worth it. */
export interface Outbox {
  /**
   * Takes a notice and returns at once. When too many wait, the oldest is given up.
   * @param kept by a former agent, and so told late; otherwise the outbox keeps it
   */
  put(notice: Notice, kept?: Forget): void;
  /** Resolves when nothing is being tried any more. Never rejects. */
  idle(): Promise<void>;
  /** Ends the delivery that is going on. What is not delivered stays kept, for the next agent. */
  close(): void;
}

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

/**
 * @param keep keeps a notice until it is delivered or given up; must not reject
 * @param onTrouble told once of each notice that does not go out at first, and when it is given up later; must not throw
 */
export function createOutbox(
  channel: Channel,
  keep: (notice: Notice) => Promise<Forget>,
  timing: OutboxTiming,
  onTrouble: (notice: Notice, error: unknown) => void,
): Outbox {
  const waiting: Item[] = [];
  const later: Item[] = [];
  const closing = new AbortController();
  let work: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const deliver = async (notice: Notice): Promise<void> => {
    try {
      await channel.send(notice, closing.signal);
    } catch (first) {
      if (!closing.signal.aborted) await pause(timing.retryAfterMs, closing.signal);
      if (closing.signal.aborted) throw first;
      await channel.send(notice, closing.signal);
    }
  };

  const giveUp = async ({ notice, kept }: Item, reason: unknown): Promise<void> => {
    onTrouble(notice, reason);
    await (
      await kept
    )();
  };

  const tryLater = (item: Item, error: unknown): void => {
    if (!item.late) onTrouble(item.notice, error);
    later.push(item.late ? item : { ...item, notice: toldLate(item.notice), late: true });
    const oldest = later.length > mostWaiting ? later.shift() : undefined;
    if (oldest !== undefined) void giveUp(oldest, tooMany());
    timer ??= setTimeout(() => {
      timer = undefined;
      waiting.unshift(...later.splice(0));
      work ??= drain();
    }, timing.laterAfterMs).unref();
  };

  const drain = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      const forget = await item.kept;
      try {
        await deliver(item.notice);
        await forget();
      } catch (error) {
        if (closing.signal.aborted) onTrouble(item.notice, error);
        else if (performance.now() - item.since > timing.giveUpAfterMs) await giveUp(item, error);
        else tryLater(item, error);
      }
    }
    work = undefined;
  };

  return {
    put: (notice, kept) => {
      const late = kept !== undefined;
      const item: Item = {
        notice: late ? toldLate(notice) : notice,
        late,
        since: performance.now(),
        kept: late ? Promise.resolve(kept) : keep(notice),
      };
      if (closing.signal.aborted) {
        onTrouble(notice, stopping());
        return;
      }
      waiting.push(item);
      const oldest = waiting.length > mostWaiting ? waiting.shift() : undefined;
      if (oldest !== undefined) void giveUp(oldest, tooMany());
      work ??= drain();
    },
    idle: async () => {
      while (work !== undefined) await work;
    },
    close: () => {
      closing.abort();
      clearTimeout(timer);
      for (const { notice } of waiting.splice(0)) onTrouble(notice, stopping());
    },
  };
}

const tooMany = (): Error => new Error('too many notices wait for this channel');
const stopping = (): Error => new Error('the agent is stopping; the next one tries again');
