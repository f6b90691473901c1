import type { Notice } from './channel.ts';

const firstPauseMs = 3_600_000;
const longestPauseMs = 7 * 86_400_000;

/** Remembers warnings, so that one which comes again and again is told with growing pauses. */
export interface Repeats {
  /** Whether it is worth telling now. Only warnings repeat by themselves; all else is an answer to what somebody did. */
  isNews(notice: Pick<Notice, 'kind' | 'drive' | 'subject' | 'payload'>): boolean;
  /** What was wrong is right again: the next time it is news. */
  settle(topic: string): void;
}

/** @param now milliseconds of a clock that is never set */
export function createRepeats(now: () => number = () => performance.now()): Repeats {
  const told = new Map<string, { readonly at: number; readonly pause: number; readonly topic: unknown }>();
  return {
    isNews: ({ kind, drive = '', subject, payload }) => {
      if (kind !== 'warning') return true;
      const key = `${drive} ${subject}`;
      const before = told.get(key);
      if (before && now() - before.at < before.pause) return false;
      const pause = before ? Math.min(before.pause * 4, longestPauseMs) : firstPauseMs;
      told.set(key, { at: now(), pause, topic: 'topic' in payload ? payload.topic : undefined });
      return true;
    },
    settle: (topic) => {
      for (const [key, { topic: own }] of told) if (own === topic) told.delete(key);
    },
  };
}
