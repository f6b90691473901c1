import { localDay } from './local-time.ts';

/** "1 file", "2 files". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Milliseconds as "42 s", "3 min 20 s" or "2 h 5 min". */
export function describeDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** The same for a time that may be years: from two days on, in days. */
export const describeSpan = (ms: number): string =>
  ms < 2 * dayMs ? describeDuration(ms) : count(Math.round(ms / dayMs), 'day');

const dayMs = 86_400_000;

/** Time since `iso` as "5 minutes", "3 hours" or "12 days", for a glance. */
export const describeAge = (iso: string, now: Date): string => count(...ageOf(iso, now));

/** "3 hours ago"; "never" for null; a time in the future comes from a wrong clock and has no age: "dated 2036-01-01". */
export function describeAgo(iso: string | null, now: Date): string {
  if (iso === null) return 'never';
  return Date.parse(iso) > now.getTime() + dayMs ? `dated ${localDay(iso)}` : `${describeAge(iso, now)} ago`;
}

/** {@link describeAge} as a number of units. */
export function ageOf(iso: string, now: Date): [count: number, unit: 'minute' | 'hour' | 'day'] {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(iso)) / 60000));
  if (minutes < 120) return [minutes, 'minute'];
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? [hours, 'hour'] : [Math.floor(hours / 24), 'day'];
}
