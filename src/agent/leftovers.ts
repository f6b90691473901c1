import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mappingName } from '../disk/luks.ts';
import { allParks } from '../disk/park-by-unit.ts';
import { releaseAll } from '../disk/release.ts';
import { allErrands } from '../notify/courier.ts';
import { allSignals } from '../notify/signal-units.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import { allLinks } from '../rsync/link.ts';
import { removeUnfinished } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
import { lockFile } from '../system/file-lock.ts';
import { files, type Paths } from '../system/paths.ts';
import { stopUnits } from '../system/units.ts';

/** Stops units that still work for a dead agent; a notice that was not delivered is delivered again. */
export async function endErrands(start: StartProgram, paths: Paths): Promise<void> {
  await stopUnits(start, allLinks, allErrands, allParks, allSignals);
  for (const errands of ['link', 'courier', 'park'])
    await rm(join(paths.run, errands), { recursive: true, force: true });
}

/** Closes disks that a dead agent left open; the disk of a running command stays open. */
export async function closeLeftovers(
  start: StartProgram,
  paths: Paths,
  warn: (about: 'closed' | 'release', reason: string, todo: string) => void,
): Promise<void> {
  const lock = await lockFile(files.deviceLock(paths));
  if (!lock) return;
  try {
    const opened = await readOpenedByPerson(paths); // a person closes the disk that she opened
    const { closed, left } = await releaseAll(start, { except: opened && mappingName(opened.label) });
    if (closed.length > 0)
      warn(
        'closed',
        `An earlier run was cut off; it left ${closed.join(', ')} open. It is closed now.`,
        'Nothing needs to be done.',
      );
    if (left.length > 0)
      warn(
        'release',
        `An earlier run left ${left.map(({ mapping }) => mapping).join(', ')} open, and it cannot be closed. DO NOT UNPLUG the disk.`,
        'End the programs that use it, then run: extbackup release',
      );
  } finally {
    await lock.release();
  }
}

/** Removes temporary files of interrupted atomic writes. The agent has the lock, and writes nothing yet. */
export async function removeTornFiles(paths: Paths, onError: (error: unknown) => void): Promise<void> {
  const own = [files.attaches(paths), files.status(paths), files.rotation(paths)].map((file) => basename(file));
  for (const directory of [paths.state, paths.run]) await removeUnfinished(directory, own, new Date()).catch(onError);
}
