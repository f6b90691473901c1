import { z } from 'zod';

const amount = z.number().nonnegative();

/** What a source held after a complete run. */
const runFigures = z.object({ files: amount, bytes: amount });

/** The last complete runs, the newest last: in the registry, and in the seal on the disk. Numbers only. */
export const recentRunsSchema = z.array(runFigures);
export type RecentRuns = z.infer<typeof recentRunsSchema>;

/** So many complete runs are remembered: files that one run makes do not raise the limits of the runs after it. */
export const rememberedRuns = 5;

interface Totals {
  readonly filesTotal: number;
  readonly bytesTotal: number;
}

/** With one more complete run; the oldest one is forgotten. */
export const withRun = (recent: RecentRuns, { filesTotal, bytesTotal }: Totals): RecentRuns =>
  [...recent, { files: filesTotal, bytes: bytesTotal }].slice(-rememberedRuns);

/** What is remembered; of a disk that was used before runs were remembered, the last one. */
export const recentRunsOf = (record: Totals & { readonly recent?: RecentRuns | undefined }): RecentRuns =>
  record.recent ?? (record.filesTotal > 0 ? withRun([], record) : []);

/**
 * The base of the limits: the least of what is known, files and bytes each by themselves.
 * @returns zeros when nothing is known
 */
export function leastOf(runs: RecentRuns): Totals {
  const filled = runs.filter(({ files }) => files > 0);
  const least = (numbers: readonly number[]): number => (numbers.length === 0 ? 0 : Math.min(...numbers));
  return { filesTotal: least(filled.map(({ files }) => files)), bytesTotal: least(filled.map(({ bytes }) => bytes)) };
}
