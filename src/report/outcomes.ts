import { explain } from '../notify/explain.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { Speaker } from '../words/speaker.ts';

type Outcome = RunRecord['outcome'];

/** Why a run did not end well; empty for a good one. Its own words are English. */
export function remarkOf({ outcome, code, message }: RunRecord, words: Speaker): string {
  if (outcome === 'success' || message === '') return '';
  const { happened, details } = explain(words, { code: code ?? '', happened: message, todo: '' });
  return [happened, ...details].join(' ').trim();
}

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
