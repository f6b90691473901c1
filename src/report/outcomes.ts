import type { RunRecord } from '../records/run-record.ts';

type Outcome = RunRecord['outcome'];

/** How a run ended, in words. */
export const outcomeWords: Readonly<Record<Outcome, string>> = {
  success: 'complete',
  gaps: 'complete but for some files',
  held: 'stopped to ask',
  failure: 'failed',
  cancelled: 'cancelled',
};

/** A sign for each outcome, because colours alone do not reach everybody. */
export const outcomeSigns: Readonly<Record<Outcome, string>> = {
  success: '',
  gaps: '~',
  held: '?',
  failure: '!',
  cancelled: '–',
};

const worstFirst: readonly Outcome[] = ['held', 'failure', 'gaps', 'cancelled', 'success'];

/** The worst outcome of these runs; undefined when there are none. */
export const worstOf = (runs: readonly Pick<RunRecord, 'outcome'>[]): Outcome | undefined =>
  worstFirst.find((outcome) => runs.some((run) => run.outcome === outcome));
