import type { Volume } from '../disk/volumes.ts';
import { mappingName } from '../disk/luks.ts';
import type { PullSource } from '../config/sources.ts';
import { BusyError, DriveError, NotReleasedError } from '../errors.ts';
import { allMustWait, mustWait, stillHeld } from '../guard/hold.ts';
import { openedByPersonRefusal } from '../opening/opened-by-person.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import { outOfRotation } from '../records/out-of-rotation.ts';
import { lockFile, type FileLock } from '../system/file-lock.ts';
import { pause } from '../system/pause.ts';
import { throwIfCancelled } from '../system/undo.ts';
import type { DiskAfterRun } from './ended-run.ts';
import type { RunOrder } from './run-queue.ts';
import type { RunSurroundings } from './run-surroundings.ts';

/**
 * The disk of a run, if the run may begin. @throws ExtbackupError when a person has a disk open, a hold waits for an
 * answer, or the disk is gone
 */
export async function claimDisk(
  { drive, attach }: RunOrder,
  sources: readonly PullSource[],
  around: RunSurroundings,
): Promise<{ readonly record: DriveRecord; readonly volume: Volume }> {
  const opened = await around.openedByPerson();
  if (opened) throw openedByPersonRefusal(opened);
  const record = await findRecord(around.registry, drive);
  const names = sources.map(({ name }) => name);
  if (mustWait(record.hold) && allMustWait(record.hold, names)) throw stillHeld(record.label, record.hold);
  const volume = (await around.findVolumes()).find(
    (found) => found.luksUuid === record.luksUuid && found.diskseq === attach.diskseq,
  );
  if (volume === undefined) throw goneBefore(drive);
  return { record, volume };
}

/** Waits until a command that opens disks has ended, for example `drive prepare`. @throws BusyError */
export async function waitForDevices(file: string, signal: AbortSignal, patienceMs = 15 * 60_000): Promise<FileLock> {
  const until = performance.now() + patienceMs;
  for (;;) {
    throwIfCancelled(signal);
    const lock = await lockFile(file);
    if (lock) return lock;
    await pause(500, signal);
    if (performance.now() > until)
      throw new BusyError(
        'Another extbackup command is using the disks.',
        'Wait until it has ended, then plug the disk in again or run: extbackup run',
      );
  }
}

async function findRecord(registry: DriveRegistry, drive: string): Promise<DriveRecord> {
  const record = (await registry.list()).find(({ label }) => label === drive);
  if (record?.state !== 'active') throw outOfRotation(drive, record?.state);
  return record;
}

const goneBefore = (drive: string): DriveError =>
  new DriveError('EXB_DISK_GONE', `Disk ${drive} was unplugged before its run began.`, 'Plug it in again.');

/** Whether the disk of this attach is plugged in; a failed look is no proof that it is gone. */
export async function isPluggedIn(order: RunOrder, around: RunSurroundings): Promise<boolean> {
  try {
    return (await volumeOf(order, around)) !== undefined;
  } catch {
    return true;
  }
}

const volumeOf = async ({ attach }: RunOrder, around: RunSurroundings): Promise<Volume | undefined> =>
  (await around.findVolumes()).find(
    ({ diskseq, luksUuid }) => diskseq === attach.diskseq && luksUuid === attach.luksUuid,
  );

/** Measures the machine: an undo without an error is no proof. */
export async function proveClosed(
  order: RunOrder,
  disk: string | undefined,
  error: unknown,
  around: RunSurroundings,
): Promise<DiskAfterRun> {
  try {
    const volume = await volumeOf(order, around);
    const holds = await around.holdsOf(volume?.disk ?? disk, mappingName(order.drive));
    if (holds.length > 0 || error instanceof NotReleasedError) return 'open';
    return volume ? 'closed' : 'gone';
  } catch {
    return 'open'; // without proof, do not call the disk closed
  }
}
