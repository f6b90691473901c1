import { mappingName, mappingPrefix } from '../disk/luks.ts';
import { measureUse, type DiskUse, type MeasureUse } from '../disk/measure.ts';
import { isParked } from '../disk/park.ts';
import type { DriveStatus } from '../protocol/status.ts';
import type { Paths } from '../system/paths.ts';
import { readOpenedNote } from './opened-note.ts';
import { zonedTime } from '../text/local-time.ts';

/** The user of an open disk, in words. */
export interface OpenedBy {
  /** For example `mount by root since 2026-11-29 13:05 UTC`. */
  readonly words: string;
  /** True when a command or a person is known to have it open; false may be a leftover of a killed program. */
  readonly isKnown: boolean;
  /** The words that the command noted. */
  readonly command?: string;
  readonly by?: string;
  readonly since?: string;
}

/** Words for a measurement: from the note of the command that opened the disk, otherwise from the measurement. */
export async function describeUse(paths: Paths, label: string, use: DiskUse): Promise<OpenedBy> {
  for (const mapping of [mappingName(label), ...use.holders]) {
    const note = use.holders.includes(mapping) ? await readOpenedNote(paths, mapping) : undefined;
    if (note) {
      const { command, by, since } = note;
      return { words: `${command} by ${by} since ${zonedTime(since)}`, isKnown: true, command, by, since };
    }
  }
  const places = use.mountpoints.length === 0 ? '' : `mounted at ${use.mountpoints.join(', ')}`;
  const held = use.holders.length === 0 ? '' : `as ${use.holders.join(', ')}`;
  return {
    words: [held, places].filter((text) => text !== '').join(', '),
    isKnown: !use.holders.some((holder) => holder.startsWith(mappingPrefix)),
  };
}

/** States that the agent causes itself, by its run or by a failure to close: no other program has the disk open. */
const ofTheAgent: readonly DriveStatus['state'][] = ['running', 'do-not-unplug'];

/**
 * The measurement overrides the recorded state: an open disk is never called idle or safe, whoever opened it, and a
 * closed disk is never called open.
 */
export async function withMeasuredUse(
  paths: Paths,
  drive: DriveStatus,
  measure: MeasureUse = measureUse,
  isStillParked: (luksUuid: string) => Promise<boolean> = isParked,
): Promise<DriveStatus> {
  return withMeasuredRest(await withUse(paths, drive, measure), isStillParked);
}

/** A disk that something has woken is no longer called parked. */
async function withMeasuredRest(
  drive: DriveStatus,
  isStillParked: (luksUuid: string) => Promise<boolean>,
): Promise<DriveStatus> {
  if (drive.parked !== true || drive.poweredOff === true || (await isStillParked(drive.luksUuid))) return drive;
  return { ...drive, parked: false };
}

async function withUse(paths: Paths, drive: DriveStatus, measure: MeasureUse): Promise<DriveStatus> {
  if (ofTheAgent.includes(drive.state)) return drive;
  const use = await measure(drive.luksUuid);
  if (use === undefined) return drive.state === 'open' ? { ...drive, state: 'idle', message: null } : drive;
  const { words, isKnown } = await describeUse(paths, drive.label, use);
  if (!drive.present)
    return {
      ...drive,
      message: `It was unplugged while it was open (${words}). Clean up with: extbackup release`,
    };
  return isKnown
    ? { ...drive, state: 'open', message: `open (${words}): DO NOT UNPLUG` }
    : {
        ...drive,
        state: 'do-not-unplug',
        message: `It is open (${words}), and no running command uses it. Close it with: extbackup release`,
      };
}
