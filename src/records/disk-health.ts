import { z } from 'zod';
import { count } from '../notify/wording.ts';
import { damageFile, type BadCounts } from '../verify/bad-files.ts';

const time = z.iso.datetime();
const number = z.number().nonnegative().default(0);

/** What the ledger knows of a disk's health. No file name. */
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

/** "3 files on disk BACKUP_1 are damaged: 2 differ from what was written, 1 cannot be read." */
export function describeBad(label: string, { damaged, unreadable }: BadCounts): string {
  const all = damaged + unreadable;
  const kinds = [damaged === 0 ? '' : `${damaged} ${damaged === 1 ? 'differs' : 'differ'} from what was written`, unreadable === 0 ? '' : `${unreadable} cannot be read`];
  return `${count(all, 'file')} on disk ${label} ${all === 1 ? 'is' : 'are'} damaged: ${kinds.filter((text) => text !== '').join(', ')}.`;
}

/** What to do about damaged files. */
export const damageAdvice = (label: string): string =>
  `They are named in ${damageFile} on the disk. Have the next run copy them again: extbackup verify ${label} --repair ; then run: extbackup run. Replace the disk if more turn up.`;

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
