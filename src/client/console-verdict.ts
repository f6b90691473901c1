import type { DriveStatus, Status } from '../protocol/status.ts';

/** What the station says in big letters; the catalogue has its words. */
export type BigWord =
  | 'safe'
  | 'no'
  | 'stopped'
  | 'noticed'
  | 'held'
  | 'failed'
  | 'waiting'
  | 'paused'
  | 'unused'
  | 'overdue'
  | 'closed'
  | 'ready';

/** What can be read from two metres away. */
export interface ConsoleVerdict {
  readonly level: 'safe' | 'unsafe' | 'trouble' | 'quiet';
  readonly word: BigWord;
  /** The disk concerned; empty if the words concern the station. */
  readonly label: string;
}

const isOpen = ({ state, goesOn }: DriveStatus): boolean =>
  goesOn === true || ['running', 'queued', 'do-not-unplug', 'open'].includes(state);

/** During a pause, a disk that waits for its run is closed. */
export const isResting = ({ state }: DriveStatus, { paused, run }: Status): boolean =>
  paused !== null && run === null && state === 'idle';

/** A copy away from here is too old, and the disk that would be the next one is not here. */
const isDiskMissed = ({ rotation, drives }: Status): boolean =>
  (rotation.sets ?? [rotation]).some(
    ({ overdue, next }) => overdue && next !== null && !drives.some(({ label, present }) => label === next && present),
  );

/** What a person in front of the station has to know first: a disk that must stay in comes before one that may go. */
export function consoleVerdict(status: Status | undefined): ConsoleVerdict {
  if (status === undefined) return { level: 'trouble', word: 'stopped', label: '' };
  const here = status.drives.filter(({ present, poweredOff }) => present || poweredOff === true);
  const mustStay = (drive: DriveStatus): boolean => isOpen(drive) && !isResting(drive, status);
  const open = [...here, ...status.drives].find(mustStay); // one that was pulled out may still be open
  if (open) return { level: 'unsafe', word: 'no', label: open.label };
  const [noticed] = status.noticed;
  if (noticed) return { level: 'quiet', word: 'noticed', label: noticed.drive ?? '' };
  const find = (...states: readonly DriveStatus['state'][]): DriveStatus | undefined =>
    here.find(({ state }) => states.includes(state));
  const held = find('held');
  if (held) return { level: 'trouble', word: 'held', label: held.label };
  const failed = find('failed');
  if (failed) return { level: 'trouble', word: 'failed', label: failed.label };
  const waiting = find('waiting-for-key', 'waiting-for-server', 'waiting-for-device');
  if (waiting) return { level: 'trouble', word: 'waiting', label: waiting.label };
  const safe = find('safe-to-unplug');
  if (safe) return { level: 'safe', word: 'safe', label: safe.label };
  if (status.warnings.some(({ unused }) => unused)) return { level: 'trouble', word: 'unused', label: '' };
  if (status.paused !== null) return { level: 'trouble', word: 'paused', label: here[0]?.label ?? '' };
  if (isDiskMissed(status)) return { level: 'trouble', word: 'overdue', label: '' };
  return { level: 'quiet', word: here.length > 0 ? 'closed' : 'ready', label: here[0]?.label ?? '' };
}
