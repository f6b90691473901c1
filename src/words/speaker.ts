import prettyBytes from 'pretty-bytes';
import { ageOf } from '../text/wording.ts';
import type { Catalogue, MessageName, Noun } from './catalogue.ts';
import type { en } from './en.ts';
import { catalogues, type Language } from './languages.ts';

/** The names between braces in a text. */
type PlaceholderOf<Text extends string> = string extends Text
  ? 'the text must be one literal'
  : Text extends `${string}{${infer Name}}${infer Rest}`
    ? Name | PlaceholderOf<Rest>
    : never;

/** The values for a message, by placeholder. */
export type Values<Name extends MessageName> = Readonly<
  Record<PlaceholderOf<(typeof en.messages)[Name]>, string | number>
>;

/** Speaks one language. Times are in the time zone of this machine. */
export interface Speaker {
  readonly language: Language;
  readonly catalogue: Catalogue;
  /** A message with its placeholders filled in. */
  say<Name extends MessageName>(
    name: Name,
    ...values: PlaceholderOf<(typeof en.messages)[Name]> extends never ? [] : [Values<Name>]
  ): string;
  /** "1 file", "12,073 files". */
  count(count: number, noun: Noun): string;
  /** "1.2 MB". */
  size(bytes: number): string;
  /** "42 seconds", "3 minutes 20 seconds", "2 hours 5 minutes", "3 days". */
  duration(ms: number): string;
  /** "Friday 4 December", with the year unless it is the present one. */
  day(at: Date, now: Date): string;
  /** "Friday 4 December 2026, 13:05 (Europe/Zurich)". */
  moment(at: Date): string;
  /** "2026-12-04", for tables. */
  date(at: Date): string;
  /** "2026-12-04 13:05", for tables; the zone stands elsewhere. */
  time(at: Date): string;
  /** "13:05 CET", with the date unless it is today. */
  clock(at: Date, now: Date): string;
  /** Time since `iso` as "5 minutes", "3 hours" or "12 days", for a glance. */
  age(iso: string, now: Date): string;
}

/** Fills in {placeholders}; one without a value stays. */
export const fillIn = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder));

/** The speaker of a language. */
export function speakerOf(language: Language): Speaker {
  const catalogue: Catalogue = catalogues[language];
  const { nouns, numbers, dates, messages } = catalogue;
  const rules = new Intl.PluralRules(dates.locale);
  const date = (at: Date): string => dateIn(dates, at);
  const count: Speaker['count'] = (number, noun) =>
    fillIn(nouns[noun][rules.select(number)] ?? nouns[noun].other, { count: grouped(number, numbers.thousands) });
  return {
    language,
    catalogue,
    say: (name, ...[values = {}]) => fillIn(messages[name], values),
    count,
    size: (bytes) => prettyBytes(bytes).replace('.', numbers.decimal),
    duration: (ms) => durationIn(count, ms),
    day: (at, now) => dayIn(dates, at, at.getFullYear() !== now.getFullYear()),
    moment: (at) =>
      fillIn(dates.moment, {
        day: dayIn(dates, at, true),
        time: timeOfDay(at),
        zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      }),
    date,
    time: (at) => `${date(at)} ${timeOfDay(at)}`,
    clock: (at, now) => {
      const zone = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;
      const time = at.toLocaleTimeString(dates.locale, zone);
      return date(at) === date(now) ? time : `${date(at)} ${time}`;
    },
    age: (iso, now) => count(...ageOf(iso, now)),
  };
}

/** What commands say, and what programs read: English whatever the settings say. */
export const english = speakerOf('en');

const two = (number: number): string => String(number).padStart(2, '0');

const timeOfDay = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`;

const dateIn = ({ date }: Catalogue['dates'], at: Date): string =>
  fillIn(date, { year: at.getFullYear(), month: two(at.getMonth() + 1), day: two(at.getDate()) });

/** From 10,000 on with a mark for thousands. */
const grouped = (number: number, mark: string): string =>
  number < 10_000 ? String(number) : String(number).replace(/\B(?=(\d{3})+$)/g, mark);

function durationIn(count: Speaker['count'], ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  const both = (first: string, rest: number, noun: Noun): string =>
    rest === 0 ? first : `${first} ${count(rest, noun)}`;
  if (seconds < 120) return count(seconds, 'second');
  if (minutes < 10) return both(count(minutes, 'minute'), seconds % 60, 'second');
  if (minutes < 120) return count(minutes, 'minute');
  if (hours < 48) return both(count(hours, 'hour'), minutes % 60, 'minute');
  return both(count(Math.floor(hours / 24), 'day'), hours % 24, 'hour');
}

function dayIn({ locale, day, dayOfYear }: Catalogue['dates'], at: Date, withYear: boolean): string {
  const parts = new Intl.DateTimeFormat(locale, {
    ...{ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  }).formatToParts(at);
  return fillIn(withYear ? dayOfYear : day, Object.fromEntries(parts.map(({ type, value }) => [type, value])));
}
