import { z } from 'zod';
import { ExtbackupError, exitCodes } from '../errors.ts';
import type { Before } from './limits.ts';
import type { Tally } from './tally.ts';

const amount = z.number().nonnegative();

export const countsSchema = z.object({ created: amount, changed: amount, deleted: amount, changedBytes: amount });

const holdShape = {
  runId: z.string(),
  at: z.iso.datetime(),
  /** What the operator was told. */
  reason: z.string(),
  /** What the run did and would have done; zeros when it was held for another reason. */
  counts: countsSchema,
  approved: z.object({ at: z.iso.datetime(), by: z.string(), reason: z.string() }).nullable().default(null),
};

/** A run that stopped to ask, in the ledger. Numbers only. */
export type Hold = z.infer<z.ZodObject<typeof holdShape>>;
export const holdSchema: z.ZodType<Hold> = z.looseObject(holdShape);

/** File on the disk that says where the changes are. It names directories, so it stays on the disk. */
export const heldReport = '.extbackup/held.txt';

/** A run that stopped to ask. Exit code 14. */
export class HeldError extends ExtbackupError {
  /** undefined when it is not about how much changed. */
  readonly counts: Hold['counts'] | undefined;

  constructor(happened: string, todo: string, counts?: Hold['counts']) {
    super('EXB_HELD', exitCodes.held, { happened, todo });
    this.counts = counts;
  }
}

/** Words for a run whose content looks wrong. */
export const looksWrong = (label: string, alarm: string, counts: Hold['counts']): HeldError =>
  new HeldError(`held: what came from the server looks as if it had been attacked: ${alarm}. Nothing was deleted, and every replaced file is kept in the disk's history.`, whatToDo(label), counts);

/**
 * Words for a run that a limit stopped.
 * @param alarm signs of encryption, if any
 */
export function tooMuch(label: string, before: Before, { created, changed, deleted, changedBytes }: Hold['counts'], alarm?: string): HeldError {
  const share = (count: number): string => `${Math.min(100, Math.round((100 * count) / before.filesTotal))} % of files`;
  const parts = [
    ...(changed > 0 ? [`${share(changed)} changed (${changed})`] : []),
    ...(deleted > 0 ? [`${share(deleted)} deleted (${deleted})`] : []),
    ...(created > 0 ? [`${created} new`] : []),
  ];
  return new HeldError(
    `held: ${parts.join(', ')} since the last backup to ${label}, more than the limits allow. Nothing was deleted, and every replaced file is kept in the disk's history.${alarm === undefined ? '' : ` It looks like an attack: ${alarm}.`}`,
    whatToDo(label), { created, changed, deleted, changedBytes });
}

/** Words for a disk that waits for an answer since an earlier run. */
export const stillHeld = (label: string, hold: Hold): HeldError => new HeldError(hold.reason, whatToDo(label), hold.counts);

const whatToDo = (label: string): string =>
  `Look at the server first. Where it changed: extbackup approve ${label} --show. If that is right: extbackup approve ${label} --reason TEXT. If not, repair the server and put the disk back as it was: extbackup rollback ${label}`;

/** The content of {@link heldReport}: counts by top-level directory, the largest first. */
export function renderReport(reason: string, tally: Tally): string {
  const rows = [...tally.byDirectory]
    .sort(([, a], [, b]) => b.changed + b.deleted - (a.changed + a.deleted))
    .map(([name, { created, changed, deleted }]) => `${String(changed).padStart(9)}${String(deleted).padStart(9)}${String(created).padStart(9)}  ${name}`);
  return [reason, '', '  changed  deleted      new  directory', ...rows, ''].join('\n');
}
