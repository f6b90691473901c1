import type { Notice } from './channel.ts';

const firstPauseMs = 3_600_000;
const longestPauseMs = 7 * 86_400_000;

/** Remembers warnings, so that a repeated one is sent with growing pauses. */
export interface Repeats {
  /** Whether to send a notice now. Only warnings repeat by themselves; all others follow an action of a person. */
  isNews(notice: Pick<Notice, 'kind' | 'drive' | 'subject' | 'payload'>): boolean;
  /** The fault is gone: its next warning is news again. */
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
