import type { Notice } from './channel.ts';

const firstPauseMs = 3_600_000;
const longestPauseMs = 7 * 86_400_000;

/**
 * How many equal notices in a row are sent at once. A warning repeats by itself; the others follow a plug-in: three are an
 * answer to a person, more come from a loose cable, or from a device that attaches itself again and again.
 */
const atOnce: Partial<Record<Notice['kind'], number>> = { warning: 1, refusal: 3, failure: 3 };

/** Remembers sent notices, so that a repeated one is sent with growing pauses. */
export interface Repeats {
  /** Whether to send a notice now. A success makes the next failure of its disk news again. */
  isNews(notice: Pick<Notice, 'kind' | 'drive' | 'subject' | 'text' | 'payload'>): boolean;
  /** The fault is gone: its next warning is news again. */
  settle(topic: string): void;
}

interface Told {
  readonly drive: string;
  readonly kind: Notice['kind'];
  readonly times: number;
  readonly at: number;
  /** 0 while equal notices are sent at once. */
  readonly pause: number;
  readonly topic: unknown;
}

/** @param now milliseconds of a clock that is never set */
export function createRepeats(now: () => number = () => performance.now()): Repeats {
  const told = new Map<string, Told>();
  const forget = (isGone: (each: Told) => boolean): void => {
    for (const [key, each] of told) if (isGone(each)) told.delete(key);
  };
  return {
    isNews: ({ kind, drive = '', subject, text, payload }) => {
      if (kind === 'success') forget((each) => each.kind === 'failure' && each.drive === drive);
      const free = atOnce[kind];
      if (free === undefined) return true;
      const key = `${drive} ${subject}\n${text}`;
      const before = told.get(key);
      if (before && now() - before.at < before.pause) return false;
      const times = (before?.times ?? 0) + 1;
      const pause = times < free ? 0 : Math.min((before?.pause ?? 0) * 4 || firstPauseMs, longestPauseMs);
      const topic = 'topic' in payload ? payload.topic : undefined;
      told.set(key, { drive, kind, times, at: now(), pause, topic });
      return true;
    },
    settle: (topic) => {
      forget((each) => each.topic === topic);
    },
  };
}
