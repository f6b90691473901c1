import type { DriveStatus, Status } from '../protocol/status.ts';

/** Words that can be read from two metres away. */
export interface ConsoleVerdict {
  readonly level: 'safe' | 'unsafe' | 'trouble' | 'quiet';
  /** At most 14 letters. */
  readonly words: string;
  /** The disk concerned; empty if the words concern the station. */
  readonly label: string;
}

const isOpen = ({ state, goesOn }: DriveStatus): boolean =>
  goesOn === true || ['running', 'queued', 'do-not-unplug', 'open'].includes(state);

/** During a pause, a disk that waits for its run is closed. */
const isResting = ({ state }: DriveStatus, { paused, run }: Status): boolean =>
  paused !== null && run === null && state === 'idle';

/** What a person in front of the station has to know first: a disk that must stay in comes before one that may go. */
export function consoleVerdict(status: Status | undefined): ConsoleVerdict {
  if (status === undefined) return { level: 'trouble', words: 'NOT RUNNING', label: '' };
  const here = status.drives.filter(({ present, poweredOff }) => present || poweredOff === true);
  const mustStay = (drive: DriveStatus): boolean => isOpen(drive) && !isResting(drive, status);
  const open = [...here, ...status.drives].find(mustStay); // one that was pulled out may still be open
  if (open) return { level: 'unsafe', words: 'DO NOT UNPLUG', label: open.label };
  const [noticed] = status.noticed;
  if (noticed) return { level: 'quiet', words: 'DISK NOTICED', label: noticed.drive ?? '' };
  const find = (...states: readonly DriveStatus['state'][]): DriveStatus | undefined =>
    here.find(({ state }) => states.includes(state));
  const held = find('held');
  if (held) return { level: 'trouble', words: 'CALL FOR HELP', label: held.label };
  const failed = find('failed');
  if (failed) return { level: 'trouble', words: 'FAILED', label: failed.label };
  const waiting = find('waiting-for-key', 'waiting-for-server', 'waiting-for-device');
  if (waiting) return { level: 'trouble', words: 'WAITING', label: waiting.label };
  const safe = find('safe-to-unplug');
  if (safe) return { level: 'safe', words: 'SAFE TO UNPLUG', label: safe.label };
  if (status.paused !== null) return { level: 'trouble', words: 'PAUSED', label: here[0]?.label ?? '' };
  return { level: 'quiet', words: here.length > 0 ? 'CLOSED' : 'READY', label: here[0]?.label ?? '' };
}
