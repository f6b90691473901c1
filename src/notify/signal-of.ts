import type { DriveStatus, Status } from '../protocol/status.ts';
import type { PatternName } from './signal-patterns.ts';

/** A pattern, and the disk that it is about. */
export interface Signal {
  readonly pattern: PatternName;
  readonly drive: string;
}

/** The order of importance: a disk that must stay plugged in comes before one that may go. */
const order: readonly (readonly [PatternName, (drive: DriveStatus) => boolean])[] = [
  ['do-not-unplug', ({ state }) => state === 'do-not-unplug'],
  ['key', ({ state }) => state === 'waiting-for-key'],
  ['working', ({ state, goesOn }) => goesOn === true || ['running', 'queued', 'open'].includes(state)],
  [
    'trouble',
    ({ state, present, poweredOff }) => ['held', 'failed'].includes(state) && (present || poweredOff === true),
  ],
  ['safe', ({ state }) => state === 'safe-to-unplug'],
];

/** What sound and light say about the station; undefined: nothing. */
export function signalOf({ drives }: Pick<Status, 'drives'>): Signal | undefined {
  for (const [pattern, fits] of order) {
    const drive = drives.find(fits);
    if (drive) return { pattern, drive: drive.label };
  }
  return undefined;
}
