const two = (number: number): string => String(number).padStart(2, '0');

/** The zone that {@link localTime} uses, such as Europe/Berlin or UTC. */
export const zoneName = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `2026-11-29 13:05 Europe/Berlin`: a time for people, with its zone. @param at ISO 8601 */
export const zonedTime = (at: string | Date, to: 'minute' | 'second' = 'minute'): string =>
  `${localTime(new Date(at), to)} ${zoneName()}`;

/** `2026-11-29`, the day of a time on this machine. @param at ISO 8601 */
export const localDay = (at: string | Date): string => localTime(new Date(at)).slice(0, 10);

/** `2026-11-29 13:05` in the time zone of this machine, which the caller names; `to` says how exact. */
export function localTime(at: Date, to: 'minute' | 'second' = 'minute'): string {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const minute = `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
  return to === 'minute' ? minute : `${minute}:${two(at.getSeconds())}`;
}
