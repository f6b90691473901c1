import * as z from 'zod';

const dayNames = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa'];
const day = '(?:mo|tu|we|th|fr|sa|su)';
const clock = '(?:[01]\\d|2[0-3]):[0-5]\\d';

/** `Mo-Fr 07:00-19:00`, `Sa,Su`, `22:00-06:00`: days, hours, or both. */
const weekTimePattern = new RegExp(
  `^(?:(?<days>${day}(?:-${day})?(?:,${day}(?:-${day})?)*)(?: (?=\\d)|$))?(?:(?<from>${clock})-(?<to>${clock}|24:00))?$`,
  'i',
);

/** A part of each week, in the local time of the station. */
interface WeekTime {
  /** 0 is Sunday; the days on which it begins. */
  readonly days: ReadonlySet<number>;
  /** Minutes after midnight; with an end that is not later than the beginning, it goes on over midnight. */
  readonly from: number;
  readonly to: number;
}

/** @returns undefined for any other text */
export function parseWeekTime(text: string): WeekTime | undefined {
  const groups = weekTimePattern.exec(text)?.groups;
  if (!groups || text === '') return undefined;
  const { days, from = '00:00', to = '24:00' } = groups;
  if (from === to) return undefined;
  return {
    days: new Set(days === undefined ? [0, 1, 2, 3, 4, 5, 6] : daysIn(days)),
    from: minutes(from),
    to: minutes(to),
  };
}

/** Whether a moment is in that part of the week. @param text as in the settings */
export function isWithin(text: string, now: Date): boolean {
  const time = parseWeekTime(text);
  if (!time) return false;
  const [today, minute] = [now.getDay(), now.getHours() * 60 + now.getMinutes()];
  const isOn = (on: number): boolean => time.days.has(on);
  if (time.from < time.to) return isOn(today) && minute >= time.from && minute < time.to;
  return (isOn(today) && minute >= time.from) || (isOn((today + 6) % 7) && minute < time.to);
}

/** A setting with a part of the week. */
export const weekTime = z
  .string()
  .refine(
    (text) => parseWeekTime(text) !== undefined,
    'must be days, hours or both: "Mo-Fr 07:00-19:00", "Sa,Su", "22:00-06:00"',
  );

const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

/** `Fr-Mo` goes on over the end of the week. */
function daysIn(text: string): number[] {
  return text
    .toLowerCase()
    .split(',')
    .flatMap((part) => {
      const [first = '', last = first] = part.split('-');
      const [begin, end] = [dayNames.indexOf(first), dayNames.indexOf(last)];
      return Array.from({ length: ((end - begin + 7) % 7) + 1 }, (_, index) => (begin + index) % 7);
    });
}
