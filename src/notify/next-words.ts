/** The disk to bring next. */
export interface NextDisk {
  readonly drive: string;
  /** When it is due. */
  readonly by: Date;
}

/** "Bring BACKUP_3 by Friday 4 December." in the local time of the station. */
export function nextWords({ drive, by }: NextDisk, now: Date): string {
  if (by.getTime() <= now.getTime()) return `Bring ${drive} as soon as you can: it is overdue.`;
  if (by.toDateString() === now.toDateString()) return `Bring ${drive} today.`;
  const year = by.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' as const };
  const parts = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', ...year })
    .formatToParts(by)
    .map(({ type, value }) => (type === 'literal' ? ' ' : value));
  return `Bring ${drive} by ${parts.join('')}.`;
}
