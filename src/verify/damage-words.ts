import { count } from '../text/wording.ts';
import { damageFile, type BadCounts } from './bad-files.ts';

/** "3 files on disk BACKUP_1 are damaged: 2 differ from what was written, 1 cannot be read." */
export function describeBad(label: string, { damaged, unreadable }: BadCounts): string {
  const all = damaged + unreadable;
  const kinds = [
    damaged === 0 ? '' : `${damaged} ${damaged === 1 ? 'differs' : 'differ'} from what was written`,
    unreadable === 0 ? '' : `${unreadable} cannot be read`,
  ];
  return `${count(all, 'file')} on disk ${label} ${all === 1 ? 'is' : 'are'} damaged: ${kinds.filter((text) => text !== '').join(', ')}.`;
}

/** Advice about damaged files. */
export const damageAdvice = (label: string): string =>
  `They are named in ${damageFile} on the disk. Have the next run copy them again: extbackup verify ` +
  `${label} --repair ; then run: extbackup run. Replace the disk if more files are damaged.`;
