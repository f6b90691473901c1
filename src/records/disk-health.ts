import * as z from 'zod';
import { english, type Speaker } from '../words/speaker.ts';

const time = z.iso.datetime();
const number = z.number().nonnegative().default(0);

/** The registry's record of a disk's health. No file name. */
export const healthSchema = z.object({
  /** Files known to differ from their written content, and not copied again since. */
  damaged: number,
  /** Files known to be unreadable. */
  unreadable: number,
  /** Commands that failed during the last run, counted by the kernel. */
  mediaErrors: number,
  /** The verdict of SMART; null if unknown. */
  smart: z.enum(['passed', 'warning', 'failing']).nullable().default(null),
  /** Further findings of SMART, in words. */
  smartRemarks: z.array(z.string()).default([]),
  /** The time of the last SMART request, answered or not. */
  smartAskedAt: time.nullable().default(null),
  /** The time of the last reading back, of a part or the whole. */
  checkedAt: time.nullable().default(null),
});
export type DiskHealth = z.infer<typeof healthSchema>;

/** The health of a disk without findings. */
export const unknownHealth: DiskHealth = healthSchema.parse({});

/** The known faults of a disk, in a few words each. */
export function remarksOf(health: DiskHealth | undefined, words: Speaker = english): string[] {
  if (health === undefined) return [];
  const { damaged, unreadable, mediaErrors, smart, smartRemarks } = health;
  return [
    ...(damaged + unreadable === 0
      ? []
      : [words.say('health.damaged', { files: words.count(damaged + unreadable, 'file') })]),
    ...(mediaErrors === 0 ? [] : [words.say('health.errors', { errors: words.count(mediaErrors, 'ioError') })]),
    ...(smart === 'failing' ? [words.say('health.failing')] : []),
    ...(smart === 'warning' ? [words.say('health.smart', { remarks: smartRemarks.join(', ') })] : []),
  ];
}
