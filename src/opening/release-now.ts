import { measureUse, type MeasureUse } from '../disk/measure.ts';
import { staysClaimedBySomebody } from '../disk/holds.ts';
import { messageOf } from '../errors.ts';
import type { Paths } from '../system/paths.ts';
import { describeUse } from './open-words.ts';

/** Whether a disk may be unplugged now. */
export interface ReleaseNow {
  readonly isSafe: boolean;
  /** The end of a sentence, for example "safe to unplug". */
  readonly words: string;
}

/** A disk that its last user has closed. */
export interface ClosedDisk {
  readonly label: string;
  readonly luksUuid: string;
  /** The agent will open it as soon as it can. */
  readonly goesOn?: boolean | undefined;
}

/**
 * Measures whether a disk may be unplugged at this moment: since its last user closed it, another one may have opened
 * it, and the agent may be about to. Never throws: without a measurement it is not called safe.
 */
export async function releaseNow(
  paths: Paths,
  { label, luksUuid, goesOn }: ClosedDisk,
  measure: MeasureUse = measureUse,
  isClaimed: (luksUuid: string) => Promise<boolean> = staysClaimedBySomebody,
): Promise<ReleaseNow> {
  try {
    const use = await measure(luksUuid);
    if (use !== undefined)
      return { isSafe: false, words: `DO NOT UNPLUG it: open (${(await describeUse(paths, label, use)).words})` };
    // Not in the lists of mounts and holders: another mount namespace, or a program that writes to the device itself.
    if (await isClaimed(luksUuid)) return { isSafe: false, words: 'DO NOT UNPLUG it: another program uses the disk' };
  } catch (error) {
    return { isSafe: false, words: `DO NOT UNPLUG it: its state could not be measured (${messageOf(error)})` };
  }
  return goesOn === true
    ? { isSafe: false, words: 'leave it plugged in: its backup starts by itself' }
    : { isSafe: true, words: 'safe to unplug' };
}
