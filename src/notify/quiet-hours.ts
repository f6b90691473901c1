import type { Notice } from './channel.ts';

const minute = 60_000;
const day = 1_440;

/** The kinds that quiet hours delay: good news, and trouble that can wait until the morning. */
const canWait = ({ kind }: Pick<Notice, 'kind'>): boolean => ['success', 'overdue', 'report'].includes(kind);

/**
 * The delay of a notice, in milliseconds; 0 outside of the quiet hours.
 * @param hours of local time, for example 22:00-07:00
 */
export function holdBackFor(notice: Pick<Notice, 'kind'>, hours: string | undefined, now: Date): number {
  return hours === undefined || !canWait(notice) ? 0 : quietForMs(hours, now);
}

/** Milliseconds until the quiet hours end; 0 outside of them. */
export function quietForMs(hours: string, now: Date): number {
  const [begin = 0, end = 0] = hours.split('-').map(minuteOfDay);
  const present = now.getHours() * 60 + now.getMinutes();
  const length = (end - begin + day) % day;
  const passed = (present - begin + day) % day;
  return passed < length ? (length - passed) * minute : 0;
}

function minuteOfDay(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}
