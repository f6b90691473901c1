import * as z from 'zod';
import type { HeldSign } from '../bus/held-sign.ts';
import { ExtbackupError, exitCodes } from '../errors.ts';
import type { Before } from './limits.ts';
import type { Tally } from './tally.ts';
import { headlineOf } from './headline.ts';

const amount = z.number().nonnegative();

const countsSchema = z.object({
  created: amount,
  changed: amount,
  deleted: amount,
  changedBytes: amount,
  deletedBytes: amount.optional(),
  attributes: amount.optional(),
});

/** Faults of the server's heartbeat. */
const heartbeatTrouble = z.enum(['missing', 'damaged', 'foreign', 'stale', 'ahead']);
export type HeartbeatTrouble = z.infer<typeof heartbeatTrouble>;

const agreementShape = { counts: countsSchema.optional(), attestation: z.array(heartbeatTrouble).default([]) };
/** With several sources, each has its own approval. */
const agreementSchema = z.object({
  ...agreementShape,
  sources: z.record(z.string(), z.object(agreementShape)).optional(),
});

/** The reason for the hold of one of several sources. */
const heldSourceSchema = z.object({
  reason: z.string(),
  counts: countsSchema,
  attestation: heartbeatTrouble.optional(),
});
export type HeldSource = z.infer<typeof heldSourceSchema>;

/** The approval of an operator. */
export type Agreement = z.infer<typeof agreementSchema>;

/** The main reason of a held run, for the words of every language. */
const signSchema: z.ZodType<HeldSign> = z.object({
  what: z.enum([
    ...(['deleted', 'changed', 'attributes', 'created', 'content', 'waiting'] as const),
    ...heartbeatTrouble.options.map((trouble) => `heartbeat.${trouble}` as const),
  ]),
  percent: amount.optional(),
  files: amount.optional(),
});

const holdShape = {
  runId: z.string(),
  at: z.iso.datetime(),
  /** The message to the operator. */
  reason: z.string(),
  /** The same in a few words; records of older versions have none. */
  headline: z.string().optional(),
  sign: signSchema.optional(),
  /** Whether there were signs of an attack. */
  isAlarm: z.boolean().optional(),
  /** The changes that the run made and would have made; zeros when it was held for another reason. */
  counts: countsSchema,
  /** The fault of the server's heartbeat, when that was the reason. */
  attestation: heartbeatTrouble.optional(),
  /** With several sources, those that were held, by name; `counts` is their sum then. */
  sources: z.record(z.string(), heldSourceSchema).optional(),
  /** Approvals since the last complete run: kept, so that approving one reason does not bring back the other. */
  agreed: agreementSchema.optional(),
  approved: z.object({ at: z.iso.datetime(), by: z.string(), reason: z.string() }).nullable().default(null),
};

/** A run that stopped to ask, in the registry. Numbers only. */
export type Hold = z.infer<z.ZodObject<typeof holdShape>>;
export const holdSchema: z.ZodType<Hold> = z.looseObject(holdShape);

/** All approvals for a disk that still count. */
export function agreement(hold: Hold | undefined): Agreement {
  const earlier = hold?.agreed ?? { attestation: [] };
  if (!hold?.approved) return earlier;
  if (hold.sources === undefined) return withAgreed(earlier, hold);
  const own = Object.entries(hold.sources).map(
    ([name, held]) => [name, withAgreed(earlier.sources?.[name] ?? { attestation: [] }, held)] as const,
  );
  return { ...earlier, sources: { ...earlier.sources, ...Object.fromEntries(own) } };
}

function withAgreed<A extends Agreement>(
  earlier: A,
  { counts, attestation }: Pick<HeldSource, 'counts' | 'attestation'>,
): A {
  return attestation === undefined
    ? { ...earlier, counts }
    : { ...earlier, attestation: [...new Set([...earlier.attestation, attestation])] };
}

/** The approvals for one of several sources, as a hold that needs no further answer. */
export function holdOfSource(hold: Hold | undefined, name: string): Hold | undefined {
  const agreed = agreement(hold).sources?.[name];
  return (
    hold && agreed && { runId: hold.runId, at: hold.at, reason: hold.reason, counts: noCounts, agreed, approved: null }
  );
}

/** Whether every one of these sources needs an answer first. A single source has no name. */
export const allMustWait = (hold: Hold, names: readonly (string | undefined)[]): boolean =>
  hold.sources === undefined || names.every((name) => name === undefined || sourceMustWait(hold, name) !== undefined);

/** The hold of one of several sources that needs an answer first; the other sources go on. */
export function sourceMustWait(hold: Hold | undefined, name: string): HeldSource | undefined {
  const held = hold?.approved === null ? hold.sources?.[name] : undefined;
  return held?.attestation === undefined ? held : undefined;
}

export const noCounts: Hold['counts'] = { created: 0, changed: 0, deleted: 0, changedBytes: 0 };

/**
 * Whether a disk waits for an answer and is not opened before. A run that was held only for the heartbeat is tried
 * again: nothing was changed, and the heartbeat may be back.
 */
export const mustWait = (hold: Hold | undefined): hold is Hold =>
  hold?.approved === null && hold.attestation === undefined;

/** File on the disk that counts the changes by directory. It names directories, so it stays on the disk. */
export const heldReport = '.extbackup/held.txt';

/** The facts about a held run. */
export interface HeldFacts {
  /** The reason in a few words, for the subject of a notice. */
  readonly headline: string;
  readonly sign?: HeldSign | undefined;
  /** Whether there were signs of an attack. */
  readonly isAlarm?: boolean | undefined;
  /** Missing when the number of changes was not the reason. */
  readonly counts?: Hold['counts'] | undefined;
  /** Missing when the server's heartbeat was not the reason. */
  readonly attestation?: HeartbeatTrouble | undefined;
  /** The held ones among several sources, with their reasons. */
  readonly sources?: Hold['sources'];
}

/** A run that was held for a person's answer. Exit code 14. */
export class HeldError extends ExtbackupError {
  readonly facts: HeldFacts;

  constructor(happened: string, todo: string, facts: HeldFacts) {
    super('EXB_HELD', exitCodes.held, { happened, todo });
    this.facts = facts;
  }
}

/** The changes that a held run made before it was held. */
export interface Done {
  /** Number of deleted files. */
  readonly deleted: number;
  /** Whether the settings keep a history. */
  readonly isKept: boolean;
}

function describeDone({ deleted, isKept }: Done): string {
  const what =
    deleted === 0
      ? 'Nothing was deleted'
      : `Before that, ${deleted === 1 ? 'a file was' : `${deleted} files were`} deleted`;
  if (!isKept)
    return `${what}. The old versions of ${deleted === 0 ? '' : 'deleted and '}replaced files are lost: the settings keep no history.`;
  return deleted === 0
    ? `${what}, and every replaced file is kept in the disk's history.`
    : `${what}; they, and every replaced file, are kept in the disk's history.`;
}

/** Words for a run that was held for the content of its files. */
export const looksWrong = (label: string, alarm: string, counts: Hold['counts'], done: Done): HeldError =>
  new HeldError(
    `held: the data from the server looks as if it had been attacked: ${alarm}. ${describeDone(done)}`,
    whatToDo(label),
    { headline: 'the data from the server looks like an attack', sign: { what: 'content' }, isAlarm: true, counts },
  );

/**
 * Words for a run that exceeded a limit. @param why signs of encryption, if any, and the limit in the words of
 * `describeExcess`
 */
export function tooMuch(
  label: string,
  before: Before,
  counts: Hold['counts'],
  done: Done,
  { alarm, limit }: { readonly alarm?: string | undefined; readonly limit?: string | undefined } = {},
): HeldError {
  const { created, changed, deleted, attributes = 0 } = counts;
  const share = (count: number): string => `${Math.min(100, Math.round((100 * count) / before.filesTotal))} % of files`;
  const parts = [
    ...(changed > 0 ? [`${share(changed)} changed (${changed})`] : []),
    ...(deleted > 0 ? [`${share(deleted)} deleted (${deleted})`] : []),
    ...(attributes > 0 ? [`${share(attributes)} with another owner, other rights or attributes (${attributes})`] : []),
    ...(created > 0 ? [`${created} new`] : []),
  ];
  const measure = limit === undefined ? '' : ` (${limit})`;
  const attack = alarm === undefined ? '' : ` It looks like an attack: ${alarm}.`;
  return new HeldError(
    `held: ${parts.join(', ')} since the last backup to ${label}, more than the limits allow${measure}. ` +
      `${describeDone(done)}${attack}`,
    whatToDo(label),
    { ...headlineOf(before, counts, alarm !== undefined), isAlarm: alarm !== undefined, counts },
  );
}

/** Words for one of several sources that has waited for an answer since an earlier run. */
export const sourceStillHeld = (label: string, { reason, counts }: HeldSource): HeldError =>
  new HeldError(reason, whatToDo(label), { headline: stillWaits, sign: { what: 'waiting' }, counts });

/** Words for a disk that has waited for an answer since an earlier run. */
export const stillHeld = (label: string, hold: Hold): HeldError =>
  new HeldError(hold.reason, whatToDo(label), {
    headline: hold.headline ?? stillWaits,
    sign: hold.sign ?? { what: 'waiting' },
    isAlarm: hold.isAlarm,
    counts: hold.counts,
  });

const stillWaits = 'it still waits for your answer';

const whatToDo = (label: string): string =>
  `Look at the server first. See what changed: extbackup approve ${label} --show. ` +
  `If the changes are right: extbackup approve ${label} --reason TEXT. ` +
  `If not, repair the server and put the disk back as it was: extbackup rollback ${label}`;

/** The content of {@link heldReport}: counts by top-level directory, the largest first. */
export function renderReport(reason: string, tally: Tally): string {
  const hasRights = tally.counts.attributes !== undefined;
  const rows = [...tally.byDirectory]
    .sort(([, a], [, b]) => weightOf(b) - weightOf(a))
    .map(
      ([name, { created, changed, deleted, attributes = 0 }]) =>
        `${columns(changed, deleted, created, ...(hasRights ? [attributes] : []))}  ${name}`,
    );
  const title = `  changed  deleted      new${hasRights ? '   rights' : ''}  directory`;
  return [reason, '', title, ...rows, ''].join('\n');
}

const columns = (...counts: readonly number[]): string => counts.map((count) => String(count).padStart(9)).join('');

const weightOf = ({ changed, deleted, attributes = 0 }: Hold['counts']): number => changed + deleted + attributes;
