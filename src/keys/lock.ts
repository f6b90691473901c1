import { NotReleasedError } from '../errors.ts';
import { CommandError } from '../system/command.ts';
import { ensureLuksClosed, listMappings, mappingPath, mappingPrefix } from '../system/luks.ts';
import { ensureUnmounted, listMounts } from '../system/mounts.ts';
import { withIdleDevice, withKeyLock } from './key-lock.ts';
import { nudgeAgent } from './nudge.ts';
import { wipeRamFiles, wipeStrayKeys } from './ram-key-ring.ts';
import type { KeyStation } from './unlock.ts';

const patienceMs = 5_000;

/** What {@link lockStation} did. */
export interface LockReport {
  /** Names of the files in ramfs that were wiped. */
  readonly wiped: readonly string[];
  /** Names of keys that lay in the place of the ramfs, but on a disk, and were removed. */
  readonly strays: readonly string[];
  /** Mappings that were open and are closed now. */
  readonly closed: readonly string[];
}

/**
 * Wipes the keys in RAM and closes what is open and idle.
 * @throws BusyError when a run is going; then nothing was done
 * @throws NotReleasedError when a disk is still in use; the keys are wiped all the same
 */
export async function lockStation(station: KeyStation): Promise<LockReport> {
  const { run, paths } = station;
  return withKeyLock(paths, () => withIdleDevice(paths, async () => {
    const wiped = await wipeRamFiles(paths.ramfs);
    const strays = await wipeStrayKeys(paths.ramfs);
    await nudgeAgent(paths, 'lock');
    const open = (await listMappings()).filter((name) => name.startsWith(mappingPrefix));
    const leftovers: string[] = [];
    let cause: unknown;
    for (const name of open) {
      try {
        for (const { mountpoint, source } of (await listMounts()).reverse()) {
          if (source === mappingPath(name)) await ensureUnmounted(run, mountpoint, patienceMs);
        }
        await ensureLuksClosed(run, name, patienceMs);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        leftovers.push(`${name} is still in use`);
        cause = error;
      }
    }
    if (leftovers.length > 0) throw new NotReleasedError(leftovers, cause);
    return { wiped, strays, closed: open };
  }));
}
