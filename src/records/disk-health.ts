import { z } from 'zod';
import { count } from '../text/wording.ts';

const time = z.iso.datetime();
const number = z.number().nonnegative().default(0);

/** What the registry knows of a disk's health. No file name. */
export const healthSchema = z.object({
  /** Files known to differ from what was written, and not copied again since. */
  damaged: number,
  /** Files known to be unreadable. */
  unreadable: number,
  /** Commands that failed during the last run, as the kernel counts them. */
  mediaErrors: number,
  /** What SMART says; null when it is not known. */
  smart: z.enum(['passed', 'warning', 'failing']).nullable().default(null),
  /** What SMART has to say besides, in words. */
  smartRemarks: z.array(z.string()).default([]),
  /** When the disk was last asked, whether it answered or not. */
  smartAskedAt: time.nullable().default(null),
  /** When a part of it, or all, was last read back. */
  checkedAt: time.nullable().default(null),
});
export type DiskHealth = z.infer<typeof healthSchema>;

/** The health of a disk of which nothing is known. */
export const unknownHealth: DiskHealth = healthSchema.parse({});

/** What is wrong with a disk, in a few words each; empty when nothing is known to be. */
export function remarksOf(health: DiskHealth | undefined): string[] {
  if (health === undefined) return [];
  const { damaged, unreadable, mediaErrors, smart, smartRemarks } = health;
  return [
    ...(damaged + unreadable === 0 ? [] : [`${count(damaged + unreadable, 'file')} damaged`]),
    ...(mediaErrors === 0 ? [] : [`${count(mediaErrors, 'I/O error')} in its last run`]),
    ...(smart === 'failing' ? ['SMART: FAILING'] : smart === 'warning' ? [`SMART: ${smartRemarks.join(', ')}`] : []),
  ];
}
