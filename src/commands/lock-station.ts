import { cancelClosingTime } from '../opening/closing-time.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import { closeForPerson } from '../opening/open-for-person.ts';
import { NotReleasedError } from '../errors.ts';
import { mappingName } from '../disk/luks.ts';
import { releaseAll } from '../disk/release.ts';
import { withKeyLock } from '../keys/key-lock.ts';
import { withDeviceLock } from '../opening/device-lock.ts';
import { nudgeAgent } from '../protocol/nudge.ts';
import { wipeRamFiles, wipeStrayKeys } from '../keys/ram-key-ring.ts';
import type { KeyStation } from '../keys/unlock.ts';

const patienceMs = 5_000;

/** What {@link lockStation} did. */
export interface LockReport {
  /** Names of the files in ramfs that were wiped. */
  readonly wiped: readonly string[];
  /** Names of keys that lay in the place of the ramfs, but on a disk, and were removed. */
  readonly strays: readonly string[];
  /** Mappings that were open and are closed now. */
  readonly closed: readonly string[];
  /** What is in use and could not be closed, and by whom. */
  readonly left: readonly string[];
}

/**
 * Wipes the keys in RAM and closes what is open and idle.
 * @throws BusyError when a run is going; then nothing was done
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

/** What a person has open, which is told with the programs that use it, and whatever else is open. */
async function closeWhatIsIdle({ start, paths }: KeyStation): Promise<Pick<LockReport, 'closed' | 'left'>> {
  const [closed, left]: [string[], string[]] = [[], []];
  const look = await readOpenedByPerson(paths);
  if (look) {
    try {
      await closeForPerson(start, paths, patienceMs);
      await cancelClosingTime(start);
      await nudgeAboutDrives(paths);
      closed.push(`disk ${look.label}, which ${look.by} had open`);
    } catch (error) {
      if (!(error instanceof NotReleasedError)) throw error;
      left.push(...error.leftovers);
    }
  }
  const others = await releaseAll(start, { except: look && mappingName(look.label) }, patienceMs);
  return {
    closed: [...closed, ...others.closed],
    left: [...left, ...others.left.map(({ mapping }) => `${mapping} is still in use`)],
  };
}
