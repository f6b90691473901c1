import type { Speaker } from '../words/speaker.ts';
import type { ReportFacts } from './facts.ts';

/** The first thing that a report says. */
export interface Verdict {
  readonly level: 'good' | 'attention' | 'trouble';
  /** The age of the freshest offline copy, in one sentence. */
  readonly headline: string;
  /** What is wrong, the most important first. */
  readonly troubles: readonly string[];
  /** The disk to bring next, in one sentence; empty when there is none. */
  readonly next: string;
}

/** Judges the facts of a report by the station's own rules; see `extbackup status`. */
export function judgeReport(facts: ReportFacts, words: Speaker): Verdict {
  const { rotation, drill, disks, agent, key, warnings } = facts;
  const active = disks.filter(({ state }) => state === 'active');
  const serious = [
    ...overdueIn(rotation, words),
    ...(agent === 'running' ? [] : [words.say('station.stopped')]),
    ...active.flatMap(({ label, held }) =>
      held === null ? [] : [words.say('judge.held', { drive: label, reason: held })],
    ),
    ...active.flatMap(({ label, remarks }) => remarks.map((remark) => `${label}: ${remark}.`)),
  ];
  const minor = [
    ...(key === 'loaded' ? [] : [words.say('judge.key')]),
    ...active.filter(({ overdue }) => overdue).map(({ label }) => words.say('judge.overdue', { drive: label })),
    ...(drill.overdue ? [words.say('judge.drill')] : []),
    ...disks.filter(({ state }) => state === 'lost').map(({ label }) => words.say('judge.lost', { drive: label })),
    ...warnings,
  ];
  return {
    level: serious.length > 0 ? 'trouble' : minor.length > 0 ? 'attention' : 'good',
    headline: headlineOf(facts, words),
    troubles: [...serious, ...minor],
    next: nextIn(rotation, words),
  };
}

type Rotation = ReportFacts['rotation'];

function overdueIn({ overdue, sets }: Rotation, words: Speaker): string[] {
  if (sets === undefined) return overdue ? [words.say('judge.old')] : [];
  return sets.flatMap((set) => [
    ...(set.overdue ? [words.say('judge.setOld', { set: set.name })] : []),
    ...set.sources.flatMap(({ name, offlineCopy }) =>
      offlineCopy === null ? [words.say('judge.setNone', { set: set.name, source: name })] : [],
    ),
  ]);
}

function nextIn({ next, sets }: Rotation, words: Speaker): string {
  const all = (sets?.map((set) => set.next) ?? [next]).filter((label) => label !== null);
  if (all.length === 0) return '';
  return words.say('judge.next', { drives: all.reduce((first, second) => words.say('judge.both', { first, second })) });
}

function headlineOf({ rotation: { offlineCopy, sets }, madeAt }: ReportFacts, words: Speaker): string {
  const ageOf = (at: string): string => words.age(at, new Date(madeAt));
  if (sets !== undefined)
    return sets
      .map(({ name: set, offlineCopy: copy }) =>
        copy === null
          ? words.say('judge.setNoCopy', { set })
          : words.say('judge.setAge', { set, age: ageOf(copy.at), drive: copy.drive }),
      )
      .join(' ');
  return offlineCopy === null
    ? words.say('judge.noCopy')
    : words.say('judge.age', { age: ageOf(offlineCopy.at), drive: offlineCopy.drive });
}
