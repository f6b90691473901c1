import type { DriveRecord } from '../records/drive-record.ts';
import { ExtbackupError } from '../errors.ts';
import { brokenDisk, diskVerdict, readOnlyDisk, smallerDisk } from '../disk/disk-errors.ts';
import { readVolume, type VolumeState } from '../disk/volume-state.ts';
import type { Machine } from './machine.ts';

/** The devices to measure for a verdict. */
interface Measured {
  readonly record: Pick<DriveRecord, 'label' | 'capacityBytes' | 'volumeBytes'>;
  /** Path of the LUKS volume. */
  readonly device: string;
  readonly read?: typeof readVolume;
}

/** Methods that are not wrapped: a failing undo is reported by its leftovers, and reading back has its own words. */
const wordedElsewhere: readonly (keyof Machine)[] = ['ensureClosed', 'ensureUnmounted', 'verifyPart'];

/**
 * The same machine with words for every error of the system or of a program in a step. A disk that is read-only,
 * shrunk, or fails is reported as such before anybody is advised to repair its file system.
 */
export function measuredMachine(machine: Machine, { record, device, read = readVolume }: Measured): Machine {
  const { label } = record;
  const word = async (step: keyof Machine, cause: unknown): Promise<unknown> =>
    diskVerdict(label, step, cause, (await read(device)) !== undefined);
  const worded = Object.fromEntries(
    Object.entries(machine).map(([step, method]: [string, unknown]) => [
      step,
      typeof method !== 'function' || wordedElsewhere.includes(step as keyof Machine)
        ? method
        : async (...args: unknown[]): Promise<unknown> => {
            try {
              return await (method as (...all: unknown[]) => unknown).call(machine, ...args);
            } catch (cause) {
              throw cause instanceof ExtbackupError ? cause : await word(step as keyof Machine, cause);
            }
          },
    ]),
  ) as unknown as Machine;
  /** Runs a step that may fail because of the disk without an error of its own. */
  const withIoErrors = async <T>(work: () => Promise<T>, isWell: (result: T) => boolean): Promise<T> => {
    const before = await read(device);
    const result = await work();
    if (!isWell(result) && before !== undefined && hasFailed(before, await read(device))) throw brokenDisk(label);
    return result;
  };
  return {
    ...worded,
    open: (volume, signal) =>
      withIoErrors(
        async () => {
          assertAsEnrolled(record, await read(device));
          return worded.open(volume, signal);
        },
        ({ outcome }) => outcome !== 'failed' && outcome !== 'no-such-device',
      ),
    check: (mapping, fstype, signal) =>
      withIoErrors(
        () => worded.check(mapping, fstype, signal),
        (outcome) => outcome !== 'needs-a-person',
      ),
    filesystemType: (mapping) =>
      withIoErrors(
        () => worded.filesystemType(mapping),
        (type) => type !== undefined,
      ),
  };
}

const hasFailed = (before: VolumeState, after: VolumeState | undefined): boolean =>
  after === undefined || after.errors > before.errors;

/** @throws PullError before the disk is opened */
function assertAsEnrolled(record: Measured['record'], volume: VolumeState | undefined): void {
  if (volume === undefined) return; // gone: opening it reports that
  if (volume.readOnly) throw readOnlyDisk(record.label);
  // Earlier versions recorded the room of the file system, which is always less.
  const least = record.volumeBytes ?? record.capacityBytes;
  if (volume.bytes < least) throw smallerDisk(record.label, volume.bytes, least);
}
