import { cancelClosingTime } from '../opening/closing-time.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import { closeForPerson, type ClosedForPerson } from '../opening/open-for-person.ts';
import { NotReleasedError } from '../errors.ts';
import { mappingName } from '../disk/luks.ts';
import { releaseAll } from '../disk/release.ts';
import { withKeyLock } from '../keys/key-lock.ts';
import { withDeviceLock } from '../opening/device-lock.ts';
import { nudgeAgent } from '../protocol/nudge.ts';
import { wipeRamFiles, wipeStrayKeys } from '../keys/ram-key-ring.ts';
import type { KeyStation } from '../keys/unlock.ts';

const patienceMs = 5_000;

/** The result of {@link lockStation}. */
export interface LockReport {
  /** Names of the files in ramfs that were wiped. */
  readonly wiped: readonly string[];
  /** Names of keys that were found on a disk in place of the ramfs, and removed. */
  readonly strays: readonly string[];
  /** Mappings that were closed. */
  readonly closed: readonly string[];
  /** Devices in use that could not be closed, and their users. */
  readonly left: readonly string[];
}

/**
 * Wipes the keys in RAM and closes disks that are open and idle.
 * @throws BusyError during a run; then nothing was done
 */
export async function lockStation(station: KeyStation): Promise<LockReport> {
  const { paths } = station;
  return withKeyLock(paths, () =>
    withDeviceLock(paths, async () => {
      const wiped = await wipeRamFiles(paths.ramfs);
      const strays = await wipeStrayKeys(paths.ramfs);
      await nudgeAgent(paths, 'lock');
      return { wiped, strays, ...(await closeWhatIsIdle(station)) };
    }),
  );
}

/** The disk that a person has open, with the programs that use it, and all other open disks. */
async function closeWhatIsIdle({ start, paths }: KeyStation): Promise<Pick<LockReport, 'closed' | 'left'>> {
  const [closed, left]: [string[], string[]] = [[], []];
  const opened = await readOpenedByPerson(paths);
  if (opened) {
    try {
      const ended = await closeForPerson(start, paths, patienceMs);
      await cancelClosingTime(start);
      await nudgeAboutDrives(paths);
      closed.push(`disk ${opened.label}, which ${opened.by} had open${ended ? lossWords(ended) : ''}`);
    } catch (error) {
      if (!(error instanceof NotReleasedError)) throw error;
      left.push(...error.leftovers);
    }
  }
  const others = await releaseAll(start, { except: opened && mappingName(opened.label) }, patienceMs);
  return {
    closed: [...closed, ...others.closed],
    left: [...left, ...others.left.map(({ mapping }) => `${mapping} is still in use`)],
  };
}

/** Whether the disk was pulled out before, and what that means. */
export function lossWords({ isGone, writable }: Pick<ClosedForPerson, 'isGone' | 'writable'>): string {
  if (!isGone) return '';
  return `; it was unplugged before that${writable ? ', and what was written to it may be lost' : ''}`;
}
