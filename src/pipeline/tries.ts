import type { Progress } from '../bus/events.ts';
import { pause } from '../system/pause.ts';
import type { PullTrouble } from '../rsync/verdict.ts';
import type { RsyncOutcome } from '../rsync/order.ts';
import type { Story } from './story.ts';
import { throwIfCancelled } from '../system/undo.ts';

/** Counts the tries after broken connections: one counter for a whole pull, so that its phases share the limits. */
export interface Tries {
  /** Must be called with the progress of each try. */
  see(progress: Progress): void;
  /** Waits until the next try, and emits an event. @returns false when no try is left or useful */
  again(outcome: Pick<RsyncOutcome, 'trouble' | 'changed'>): Promise<boolean>;
}

/** Pauses before the next try, in milliseconds; the last one repeats. */
const pausesMs = [2_000, 10_000, 30_000, 60_000, 120_000] as const;

/** Most tries in all: an unreliable line may need many for a large pull. */
const mostRounds = 10;

/** `retries`: the most tries in a row without progress; `longest`: no try begins after this many milliseconds. */
export function createTries(
  { retries, longest }: { readonly retries: number; readonly longest: number },
  story: Story,
  signal: AbortSignal,
  wait: typeof pause = pause,
): Tries {
  const begun = performance.now();
  let inVain = 0;
  let total = 0;
  let reached = 0;
  let before = 0;
  return {
    see: ({ bytes }) => {
      reached = Math.max(reached, bytes);
    },
    again: async ({ trouble, changed }) => {
      throwIfCancelled(signal);
      if (!isWorthAnotherTry(trouble)) return false;
      if (changed || reached > before) inVain = 0;
      before = reached;
      if (performance.now() - begun > longest) return false;
      if (inVain >= retries || total >= retries * mostRounds) return false;
      const pauseMs = pausesMs[Math.min(inVain, pausesMs.length - 1)] ?? 0;
      inVain += 1;
      total += 1;
      const { phase } = story;
      story.tell('sync:interrupted', { attempt: total, retryInSeconds: pauseMs / 1000 });
      story.enter('waiting-for-server');
      await wait(pauseMs, signal);
      throwIfCancelled(signal);
      story.enter(phase);
      return true;
    },
  };
}

/**
 * Asks the server until it answers, or no try is left.
 * @returns the last answer
 * @throws CancelledError
 */
export async function askPatiently<Answer extends { readonly trouble?: PullTrouble | undefined }>(
  ask: () => Promise<Answer>,
  tries: Tries,
  signal: AbortSignal,
): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    throwIfCancelled(signal);
    const { trouble } = answer;
    if (trouble === undefined || !(await tries.again({ trouble, changed: false }))) return answer;
  }
}

const isWorthAnotherTry = (trouble: PullTrouble | undefined): boolean => trouble === 'network' || trouble === 'stalled';
