import type { DriveRecord } from '../records/drive-record.ts';
import { DriveError } from '../errors.ts';
import type { Attach, AttachBoard } from './attach-board.ts';
import type { AttachMemory } from '../records/attach-memory.ts';
import type { RunQueue } from '../run/run-queue.ts';
import type { Volume } from '../disk/volumes.ts';

// INVARIANTS
// 1. Of two disks with one LUKS UUID, neither is opened, unless it was open before the other one was plugged in.
// 2. A disk that was refused as a twin stays refused until it is plugged in again, even if the other one is gone or the
//    agent starts again: it may be the copy.

const todo = 'Take both out, unless one is in use (see: extbackup status), and plug in the real one alone.';
const todoForOne = 'Take it out, unless it is in use (see: extbackup status), and plug in the real one alone.';

/** A run that began before the twin was plugged in continues, and the state of its disk stays. */
const isUntouched = ({ state }: Attach): boolean =>
  state !== 'running' && state !== 'do-not-unplug' && state !== 'safe-to-unplug';

const hasTwin = (volume: Volume, volumes: readonly Volume[]): boolean =>
  volumes.some((other) => other.luksUuid === volume.luksUuid && other.kname !== volume.kname);

/** The parts for refusing twins. */
export interface TwinParts {
  readonly board: AttachBoard;
  readonly attaches: AttachMemory;
  readonly queue: RunQueue;
}

/** The error of an attach that has or had a twin; undefined without one. */
export function twinTrouble(
  drive: string,
  volume: Volume,
  volumes: readonly Volume[],
  { attaches }: Pick<TwinParts, 'attaches'>,
): DriveError | undefined {
  if (hasTwin(volume, volumes))
    return new DriveError(
      'EXB_DUPLICATE',
      `Two disks with the LUKS header of ${drive} are plugged in; one is a copy.`,
      todo,
    );
  if (attaches.stateOf(volume) !== 'duplicate') return undefined;
  return new DriveError(
    'EXB_DUPLICATE',
    `Disk ${drive} was plugged in together with another disk that has its LUKS header; one is a copy. ` +
      'It is not opened before it is plugged in anew.',
    todoForOne,
  );
}

/**
 * Refuses every twin that is not open yet, and updates the messages of refused ones. Returns the newly refused ones.
 */
export async function refuseTwins(
  volumes: readonly Volume[],
  records: readonly DriveRecord[],
  parts: TwinParts,
): Promise<{ readonly attach: Attach; readonly error: DriveError }[]> {
  const { board, attaches, queue } = parts;
  const refused: { attach: Attach; error: DriveError }[] = [];
  for (const attach of board.attaches.filter(isUntouched)) {
    const record = records.find(({ luksUuid }) => luksUuid === attach.volume.luksUuid);
    const { drive, volume } = attach;
    if (drive === undefined || record?.state !== 'active') continue;
    const trouble = twinTrouble(drive, volume, volumes, parts);
    if (trouble === undefined) continue;
    const opened = board.attaches.find((other) => other.drive === drive && other !== attach && !isUntouched(other));
    const error = opened === undefined ? trouble : besideAnOpened(drive, volume, opened);
    for (const order of queue.waiting.filter(
      (waiting) => waiting.drive === drive && waiting.attach.diskseq === volume.diskseq,
    ))
      queue.end(order.runId, error);
    attach.state = 'ignored'; // after the queued run was dropped, which makes the attach idle
    attach.message = `${error.message} ${error.todo}`;
    if (attaches.stateOf(volume) === 'duplicate') continue;
    await attaches.note(volume, 'duplicate');
    refused.push({ attach, error });
  }
  return refused;
}

function besideAnOpened(drive: string, { kname }: Volume, opened: Attach): DriveError {
  return new DriveError(
    'EXB_DUPLICATE',
    `A second disk with the LUKS header of ${drive} is plugged in (${kname}); one is a copy. The second was not opened.`,
    opened.state === 'safe-to-unplug'
      ? 'Take both out and plug in the real one alone.'
      : `Leave ${opened.volume.kname} in until its run has ended. Then take both out and find the real one.`,
  );
}
