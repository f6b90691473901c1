/** A time of day in the station's own time zone, such as 14:30 CET; with the date when it is another day. */
export function clockTime(at: Date, now: Date): string {
  const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });
  const day = (date: Date): string => date.toLocaleDateString('sv-SE'); // 2026-11-29
  return day(at) === day(now) ? time : `${day(at)} ${time}`;
}
