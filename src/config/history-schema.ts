import * as z from 'zod';
import { duration, share } from './values.ts';

const periods = {
  weekly: { most: 520, days: 7, unit: 'weeks' },
  monthly: { most: 120, days: 30, unit: 'months' },
  yearly: { most: 10, days: 360, unit: 'years' },
} as const;

const periodSetting = (name: keyof typeof periods): z.ZodOptional<z.ZodInt> =>
  z
    .int()
    .min(1)
    .max(periods[name].most)
    .optional()
    .describe(
      `of entries older than atLeast, keep the state at the beginning of each of the last so many ${periods[name].unit} ` +
        'with a run; states that none of weekly, monthly and yearly keeps are given up',
    );

/** States to keep by weeks, months and years; without any of them, all states are kept. */
const periodSettings = {
  weekly: periodSetting('weekly'),
  monthly: periodSetting('monthly'),
  yearly: periodSetting('yearly'),
};

/** Settings of `history.keep`. */
type Kept = { readonly age: number } & { readonly [name in keyof typeof periods]?: number | undefined };

/** Entries end at `age`: states that are to be kept for longer would never be reached. */
function reachesPeriods({ value, issues }: z.core.ParsePayload<Kept>): void {
  for (const name of ['weekly', 'monthly', 'yearly'] as const) {
    const { days, unit } = periods[name];
    const wanted = value[name];
    if (wanted === undefined || wanted * days * 86_400_000 <= value.age) continue;
    const weeks = Math.min(520, Math.ceil((wanted * days) / 7));
    issues.push({
      code: 'custom',
      path: [name],
      message: `keeps ${String(wanted)} ${unit}, but age removes entries before; set history.keep.age to ${String(weeks)}w at least`,
      input: wanted,
    });
  }
}

/** How replaced and deleted files are kept. */
export const historySettings = z
  .strictObject({
    enabled: z.boolean().default(true).describe('keep replaced and deleted files in history/ on the disk'),
    keep: z
      .strictObject({
        age: duration.prefault('52w').describe('entries older than this, and older than atLeast, are removed'),
        count: z.int().min(0).default(0).describe('number of entries to keep; 0 is no limit'),
        minFree: share
          .prefault('5%')
          .describe('the oldest entries are removed while less than this share of the disk is free'),
        atLeast: duration.prefault('4w').describe('entries younger than this are never removed'),
        ...periodSettings,
        perRun: share
          .prefault('50%')
          .describe('one run removes at most this share of the entries, and of the bytes of the disk'),
      })
      .check(reachesPeriods)
      .prefault({}),
    whenFull: z
      .enum(['prune', 'stop'])
      .default('prune')
      .describe(
        'when the disk is full during a pull: prune removes the oldest entries that ' +
          'are older than keep.atLeast, and the pull goes on; stop ends the run',
      ),
  })
  .prefault({});
