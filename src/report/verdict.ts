import { describeAge } from '../text/wording.ts';
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
export function judgeReport(facts: ReportFacts): Verdict {
  const { rotation, drill, disks, agent, key, warnings } = facts;
  const active = disks.filter(({ state }) => state === 'active');
  const serious = [
    ...overdueIn(rotation),
    ...(agent === 'running' ? [] : ['The agent does not run: no disk is backed up.']),
    ...active.flatMap(({ label, held }) => (held === null ? [] : [`${label} waits for an answer: ${held}`])),
    ...active.flatMap(({ label, remarks }) => remarks.map((remark) => `${label}: ${remark}.`)),
  ];
  const minor = [
    ...(key === 'loaded' ? [] : ['The key is not loaded: type "extbackup unlock" before the next disk comes.']),
    ...active.filter(({ overdue }) => overdue).map(({ label }) => `${label} is overdue.`),
    ...(drill.overdue ? [`The last restored sample is too old: plug a disk in and type "extbackup drill".`] : []),
    ...disks.filter(({ state }) => state === 'lost').map(({ label }) => `${label} is lost.`),
    ...warnings,
  ];
  return {
    level: serious.length > 0 ? 'trouble' : minor.length > 0 ? 'attention' : 'good',
    headline: headlineOf(facts),
    troubles: [...serious, ...minor],
    next: nextIn(rotation),
  };
}

type Rotation = ReportFacts['rotation'];

function overdueIn({ overdue, sets }: Rotation): string[] {
  if (sets === undefined) return overdue ? ['The freshest offline copy is older than the settings allow.'] : [];
  return sets.flatMap((set) => [
    ...(set.overdue ? [`The freshest offline copy of the set ${set.name} is older than the settings allow.`] : []),
    ...set.sources.flatMap(({ name, offlineCopy }) =>
      offlineCopy === null ? [`The set ${set.name} has no offline copy of ${name}.`] : [],
    ),
  ]);
}

function nextIn({ next, sets }: Rotation): string {
  const all = (sets?.map((set) => set.next) ?? [next]).filter((label) => label !== null);
  return all.length === 0 ? '' : `Bring ${all.join(' and ')} next.`;
}

function headlineOf({ rotation: { offlineCopy, sets }, madeAt }: ReportFacts): string {
  if (sets !== undefined)
    return sets
      .map(({ name, offlineCopy: copy }) =>
        copy === null
          ? `The set ${name} has no complete offline copy.`
          : `The freshest offline copy of the set ${name} is ${describeAge(copy.at, new Date(madeAt))} old, on ${copy.drive}.`,
      )
      .join(' ');
  return offlineCopy === null
    ? 'There is no offline copy: no disk with a complete backup is away from the station.'
    : `The freshest offline copy is ${describeAge(offlineCopy.at, new Date(madeAt))} old, on ${offlineCopy.drive}.`;
}
