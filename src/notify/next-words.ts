import type { Speaker } from '../words/speaker.ts';

/** The disk to bring next. */
export interface NextDisk {
  readonly drive: string;
  /** When it is due. */
  readonly by: Date;
}

/** "Bring BACKUP_3 by Friday 4 December." in the local time of the station. */
export function nextWords(words: Speaker, { drive, by }: NextDisk, now: Date): string {
  if (by.getTime() <= now.getTime()) return words.say('next.late', { drive });
  if (by.toDateString() === now.toDateString()) return words.say('next.today', { drive });
  return words.say('next.by', { drive, day: words.day(by, now) });
}
