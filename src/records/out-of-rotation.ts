import { DriveError } from '../errors.ts';
import type { DriveRecord } from './drive-record.ts';

/** A disk that belongs to none of the sets has nothing to take. */
export const inNoSet = (drive: string): DriveError =>
  new DriveError(
    'EXB_NO_SET',
    `Disk ${drive} belongs to none of the sets in the settings, so it takes no source.`,
    'Name it under drives: of one of them, in rotation.sets of /etc/extbackup/config.yaml',
  );

/** Why a disk takes no part in the rotation. @param state undefined when the label is not enrolled */
export function outOfRotation(drive: string, state: Exclude<DriveRecord['state'], 'active'> | undefined): DriveError {
  if (state === 'lost')
    return new DriveError(
      'EXB_LOST',
      `Disk ${drive} is noted as lost.`,
      `If it was found: extbackup drive lost ${drive} --undo ; before you trust it, compare it with the server: ` +
        `extbackup verify ${drive} --against-server`,
    );
  if (state === 'retired')
    return new DriveError(
      'EXB_RETIRED',
      `Disk ${drive} is retired: no run uses it.`,
      `To use it again: extbackup drive retire ${drive} --undo ; or only look inside: extbackup mount ${drive}`,
    );
  return new DriveError(
    'EXB_NOT_ENROLLED',
    `No disk is enrolled as ${drive}.`,
    'List the enrolled disks: extbackup drive list',
  );
}
