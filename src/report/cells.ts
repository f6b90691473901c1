import type { Speaker } from '../words/speaker.ts';
import type { ReportedDisk } from './facts.ts';

/** Where a disk is, or why it is out of the rotation. */
export function placeOf({ state, here }: ReportedDisk, words: Speaker): string {
  if (state !== 'active') return words.say(`cell.${state}`);
  return words.say(here ? 'cell.here' : 'cell.away');
}

/** A time of this machine, or words in its place. @param time ISO 8601 */
export const timeOr = (
  time: string | null,
  words: Speaker,
  otherwise: 'cell.never' | 'cell.noneYet' | 'cell.notYet',
): string => (time === null ? words.say(otherwise) : words.time(new Date(time)));

/** What the rotation says about a disk. */
export const remarkOnRotation = ({ overdue, next }: ReportedDisk, words: Speaker): string =>
  [...(overdue ? [words.say('cell.overdue')] : []), ...(next ? [words.say('cell.next')] : [])].join(', ');
