import { InvalidArgumentError } from 'commander';
import { zonedTime } from '../text/local-time.ts';

/** A time as a person types it. A day without a time means the end of that day, in local time. */
export function parseTime(text: string): Date {
  const at = parseTyped(text);
  if (at === undefined)
    throw new InvalidArgumentError('It must be a time such as 2026-11-20, "2026-11-20 12:00" or 2026-11-20T12:00:00Z.');
  return at;
}

/** The same while the person is still typing: undefined when the text is not a time. */
export function parseTyped(text: string): Date | undefined {
  const at = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59.999` : text);
  return isRealDay(text) && !Number.isNaN(at.getTime()) ? at : undefined;
}

/** Words for a state at a time that has not come yet, perhaps by a typing mistake; the rest of today is no such time. */
export function futureNote(at: Date | undefined, now: Date): string | undefined {
  if (at === undefined || at.getTime() <= now.getTime() + 86_400_000) return undefined;
  return `${zonedTime(at)} is in the future by the clock of this machine: this is the state of the last backup.`;
}

/** Whether the text begins with a day of the calendar: Date makes 2 March of 30 February. */
function isRealDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
}
