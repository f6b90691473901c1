import { DriveError } from '../errors.ts';
import { parseJson } from '../system/parse-json.ts';
import { sealSchema, type DriveRecord, type Seal } from './drive-record.ts';

/** The label and seal inside an opened disk. */
export interface Inside {
  /** Content of the LABEL file; undefined when there is none. */
  readonly label: string | undefined;
  /** undefined if it is missing or damaged. */
  readonly seal: Seal | undefined;
}

/** @returns undefined for a missing or damaged seal, which {@link verifyIdentity} judges */
export function parseSeal(text: string | undefined): Seal | undefined {
  return parseJson(sealSchema, text);
}

/**
 * Checks that the inside of a disk belongs to its outside and to the registry. Other figures in the seal can only lower
 * the limits of the guard.
 * @throws DriveError
 */
export function verifyIdentity(record: DriveRecord, inside: Inside): void {
  verifySeal(record, inside);
  const generation = inside.seal?.generation ?? 0;
  if (generation < record.generation) {
    throw new DriveError(
      'EXB_ROLLED_BACK',
      `Disk ${record.label} was put back to an older state: it is at generation ${generation}, the registry knows ` +
        `${record.generation}. Nothing on it was changed.`,
      'If you restored the disk yourself, enrol it again: extbackup drive adopt --help',
    );
  }
}

/**
 * The same for a disk that is only read: an older state is allowed.
 * @throws DriveError
 */
export function verifySeal(record: DriveRecord, inside: Inside): void {
  const { label, seal } = inside;
  if (label === undefined) {
    throw new DriveError(
      'EXB_LABEL_MISSING',
      `Disk ${record.label} has no LABEL file, so it was not touched.`,
      'Look inside with: extbackup mount --read-only ; if it is the right disk, enrol it again: extbackup drive adopt --help',
    );
  }
  if (label !== record.label) {
    throw new DriveError(
      'EXB_LABEL_MISMATCH',
      `The LABEL file on the disk that was enrolled as ${record.label} says ${label}. Nothing on it was changed.`,
      'Find out which disk it is: extbackup drive list ; its LABEL file and the registry must agree.',
    );
  }
  if (seal === undefined) {
    throw new DriveError(
      'EXB_SEAL_MISSING',
      `Disk ${record.label} has lost its seal (.extbackup/seal.json), or it is damaged. Nothing on the disk was changed.`,
      'If this is the right disk, enrol it again: extbackup drive adopt --help',
    );
  }
  if (seal.sealedId !== record.sealedId || seal.luksUuid !== record.luksUuid || seal.label !== record.label) {
    throw new DriveError(
      'EXB_SEAL_MISMATCH',
      `The inside of disk ${record.label} belongs to another disk: its seal is not the one that was enrolled. Nothing on it was changed.`,
      'This may be a copy, or the content was exchanged. If you did that yourself, enrol it again: extbackup drive adopt --help',
    );
  }
}
