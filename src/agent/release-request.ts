import { releaseDisks } from '../disk/release-disks.ts';
import { BusyError } from '../errors.ts';
import { goneWhileOpen } from '../opening/disk-gone.ts';
import { sayReleased } from '../opening/released-words.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { RunQueue } from '../run/run-queue.ts';
import type { StartProgram } from '../system/command.ts';
import { lockFile } from '../system/file-lock.ts';
import { goesOn, type AttachBoard } from './attach-board.ts';

/** The agent itself takes the device lock for a moment to check whether it is free. */
const lockPatienceMs = 3_000;

/** The parts for closing on request. */
export interface ReleaseParts {
  readonly start: StartProgram;
  readonly deviceLock: string;
  readonly queue: RunQueue;
  readonly board: AttachBoard;
  readonly registry: DriveRegistry;
}

/**
 * Closes disks that were left open, for `extbackup release`.
 * @returns the closed disks, and a warning about those that the agent will open again
 * @throws BusyError during a run or a command; NotReleasedError when a disk stays open; PullError when all is closed, but a
 * disk was pulled out before
 */
export async function releaseOnRequest({ start, deviceLock, queue, board, registry }: ReleaseParts): Promise<string> {
  const { current } = queue;
  if (current) throw new BusyError(`A run to disk ${current.drive} is in progress.`, 'Wait for its end, or cancel it.');
  const lock = await lockFile(deviceLock, lockPatienceMs);
  if (!lock)
    throw new BusyError(
      'Another command is using a disk; nothing was closed.',
      'Wait for its end, then run again: extbackup release',
    );
  const enrolled = await registry.list().catch(() => []); // a damaged registry must not prevent closing disks
  const { closed, gone } = await releaseDisks(start, enrolled).finally(() => lock.release());
  const [first] = gone;
  if (first !== undefined) throw goneWhileOpen(gone.join(', '), true);
  const soon = board.attaches.filter(goesOn).flatMap(({ drive }) => drive ?? []);
  return sayReleased(closed, soon);
}
