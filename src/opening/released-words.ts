import type { ReleaseNow } from './release-now.ts';

const [nothing, safe] = ['Nothing was open.', 'Safe to unplug.'];

/**
 * The result of a release.
 * @param closed names of mappings
 * @param soon labels of disks that the agent opens by itself
 */
export function sayReleased(closed: readonly string[], soon: readonly string[]): string {
  const what = closed.length === 0 ? nothing : `Closed: ${closed.join(', ')}.`;
  if (soon.length === 0) return `${what} ${safe}`;
  const which = `${soon.join(', ')} ${soon.length === 1 ? 'is' : 'are'}`;
  return `${what} Leave them plugged in: ${which} closed now, and will be opened again automatically; see: extbackup status`;
}

/** What the command has closed itself before. */
export interface ClosedBefore {
  readonly isNothing: boolean;
  /** The disk that a person had open, and whether it may be unplugged now. */
  readonly person?: { readonly label: string; readonly now: ReleaseNow };
}

/** {@link sayReleased} as the last line of a command that has closed something before: it contradicts none of its lines. */
export function lastWordsOf(text: string, { isNothing, person }: ClosedBefore): string {
  const words = !isNothing && text.startsWith(nothing) ? `Nothing else was open.${text.slice(nothing.length)}` : text;
  if (person === undefined || person.now.isSafe) return words;
  const verdict = `Disk ${person.label}: ${person.now.words}.`;
  return words.endsWith(safe) ? `${words.slice(0, -safe.length)}${verdict}` : `${words} ; ${verdict}`;
}
