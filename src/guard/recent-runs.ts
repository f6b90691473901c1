import * as z from 'zod';

const amount = z.number().nonnegative();

/** Size of a source after a complete run. */
const runFigures = z.object({ files: amount, bytes: amount });

/** The last complete runs, the newest last: in the registry, and in the seal on the disk. Numbers only. */
export const recentRunsSchema = z.array(runFigures);
export type RecentRuns = z.infer<typeof recentRunsSchema>;

/** Complete runs to remember, so that the files of one run do not raise the limits of the next ones. */
export const rememberedRuns = 5;

interface Totals {
  readonly filesTotal: number;
  readonly bytesTotal: number;
}

/** Adds a complete run and drops the oldest one. */
export const withRun = (recent: RecentRuns, { filesTotal, bytesTotal }: Totals): RecentRuns =>
  [...recent, { files: filesTotal, bytes: bytesTotal }].slice(-rememberedRuns);

/** The remembered runs; for a disk from before runs were remembered, the last one. */
export const recentRunsOf = (record: Totals & { readonly recent?: RecentRuns | undefined }): RecentRuns =>
  record.recent ?? (record.filesTotal > 0 ? withRun([], record) : []);

/**
 * The base of the limits: the smallest known figures, files and bytes separately.
 * @returns zeros when nothing is known
 */
export function leastOf(runs: RecentRuns): Totals {
  const filled = runs.filter(({ files }) => files > 0);
  const least = (numbers: readonly number[]): number => (numbers.length === 0 ? 0 : Math.min(...numbers));
  return { filesTotal: least(filled.map(({ files }) => files)), bytesTotal: least(filled.map(({ bytes }) => bytes)) };
}
