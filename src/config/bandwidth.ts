import * as z from 'zod';
import { isWithin, weekTime } from './week-time.ts';

const kibPerSecond = z.int().min(0).max(1_000_000_000);

/** `pull.bandwidthLimit`: a number, or numbers for parts of the week. */
export const bandwidthLimit = z.union([
  kibPerSecond,
  z
    .array(
      z.strictObject({
        when: weekTime.describe('days, hours or both, in local time, such as "Mo-Fr 07:00-19:00"'),
        limit: kibPerSecond.describe('KiB per second at these times; 0 is no limit'),
      }),
    )
    .min(1, 'must have at least one entry'),
]);

/** The limit at a time, in KiB per second; 0 is no limit. The first entry that holds counts; without one there is no limit. */
export function limitAt(setting: z.infer<typeof bandwidthLimit>, now: Date): number {
  if (typeof setting === 'number') return setting;
  return setting.find(({ when }) => isWithin(when, now))?.limit ?? 0;
}
