import { mappingName, mappingPrefix } from '../disk/luks.ts';
import { measureUse, type DiskUse, type MeasureUse } from '../disk/measure.ts';
import type { DriveStatus } from '../protocol/status.ts';
import type { Paths } from '../system/paths.ts';
import { readOpenedNote } from './opened-note.ts';

/** What has a disk open, in words. */
export interface OpenedBy {
  /** For example `mount by root since 2026-11-29 13:05 UTC`. */
  readonly words: string;
  /** A command or a person is known to have it open; else it may be what a killed program left. */
  readonly isKnown: boolean;
  /** What is known of the command. */
  readonly command?: string;
  readonly by?: string;
  readonly since?: string;
}

/** Finds words for what was measured: from the note of the command that opened it, else from the facts themselves. */
export async function describeUse(paths: Paths, label: string, use: DiskUse): Promise<OpenedBy> {
  for (const mapping of [mappingName(label), ...use.holders]) {
    const note = use.holders.includes(mapping) ? await readOpenedNote(paths, mapping) : undefined;
    if (note) {
      const { command, by, since } = note;
      return { words: `${command} by ${by} since ${inWords(since)}`, isKnown: true, command, by, since };
    }
  }
  const places = use.mountpoints.length === 0 ? '' : `mounted at ${use.mountpoints.join(', ')}`;
  const held = use.holders.length === 0 ? '' : `as ${use.holders.join(', ')}`;
  return {
    words: [held, places].filter((text) => text !== '').join(', '),
    isKnown: !use.holders.some((holder) => holder.startsWith(mappingPrefix)),
  };
}

/** States that the agent's own run, or its failure to close, accounts for: nothing else has the disk then. */
const ofTheAgent: readonly DriveStatus['state'][] = ['running', 'do-not-unplug'];

/**
 * Puts what was measured over what is believed: a disk that something has open is never called idle or safe, whoever
 * opened it, and one that nothing has open is not called open.
 */
export async function withMeasuredUse(
  paths: Paths,
  drive: DriveStatus,
  measure: MeasureUse = measureUse,
): Promise<DriveStatus> {
  if (ofTheAgent.includes(drive.state)) return drive;
  const use = await measure(drive.luksUuid);
  if (use === undefined) return drive.state === 'open' ? { ...drive, state: 'idle', message: null } : drive;
  const { words, isKnown } = await describeUse(paths, drive.label, use);
  if (!drive.present)
    return {
      ...drive,
      message: `It was pulled out while it was open (${words}). Close what is left of it: extbackup release`,
    };
  return isKnown
    ? { ...drive, state: 'open', message: `open (${words}): DO NOT UNPLUG` }
    : {
        ...drive,
        state: 'do-not-unplug',
        message: `It is open (${words}), and no command says that it uses it. Close it with: extbackup release`,
      };
}

const inWords = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;
