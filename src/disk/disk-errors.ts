import { DriveError, KeyError, NotReleasedError, PullError, type ExtbackupError } from '../errors.ts';
import type { KnownFilesystem } from './filesystem.ts';
import type { LuksOutcome } from './luks.ts';
import { throwIfCancelled } from '../system/undo.ts';

/** Runs `work` and words its failure as a disk that does not answer. */
export async function wakeFailure(label: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new PullError(
      'EXB_DISK_ERROR',
      `Disk ${label} does not answer.`,
      'Check its cable and power, and plug it in again.',
      cause,
    );
  }
}

/** The volume under that name is not the one that was enrolled: another disk took its place, or the header is damaged. */
export function strangeVolume(label: string): ExtbackupError {
  return new DriveError(
    'EXB_STRANGE_VOLUME',
    `The disk that was taken for ${label} does not carry its LUKS header.`,
    'Take it out and plug it in again; if this comes back, the LUKS header may be damaged.',
  );
}

/** Why LUKS was not opened. Nothing was changed. */
export function openFailure(label: string, outcome: Exclude<LuksOutcome, 'opened'>, cause?: unknown): ExtbackupError {
  switch (outcome) {
    case 'wrong-key':
      return new KeyError(
        'EXB_KEY_REJECTED',
        `Disk ${label} did not accept the key. Nothing on it was changed.`,
        `Unlock with the password this disk was prepared with, or change the disk's key: extbackup drive rekey --help`,
        cause,
      );
    case 'no-such-device':
      return new PullError(
        'EXB_DISK_GONE',
        `Disk ${label} went away before it could be opened.`,
        'Plug it in again.',
        cause,
      );
    case 'busy':
      return new NotReleasedError([`LUKS of ${label} is already open as extbackup-${label}`], cause);
    case 'no-memory':
      return new PullError(
        'EXB_NO_MEMORY',
        `Not enough memory to open disk ${label}: its LUKS keyslot asks for more than this machine has free.`,
        'Free some memory, or convert the keyslot to a lower memory cost: cryptsetup luksConvertKey --pbkdf-memory',
        cause,
      );
    case 'failed':
      return new PullError(
        'EXB_LUKS',
        `cryptsetup could not open disk ${label}.`,
        'See: extbackup doctor, and cryptsetup luksDump on the device.',
        cause,
      );
  }
}

/** What can be wrong with the file system of an opened disk. */
export function filesystemFailure(
  label: string,
  what: 'unknown-type' | 'needs-a-person' | 'mount-point-taken',
): ExtbackupError {
  switch (what) {
    case 'unknown-type':
      return new DriveError(
        'EXB_FILESYSTEM',
        `Disk ${label} has no file system that extbackup knows.`,
        'Check that the right disk is plugged in: extbackup drive list',
      );
    case 'needs-a-person':
      return new PullError(
        'EXB_FSCK',
        `The file system of disk ${label} has damage that is not repaired without asking.`,
        'Open the disk with cryptsetup and run e2fsck on it; consider replacing the disk.',
      );
    case 'mount-point-taken':
      return new NotReleasedError(['something is already mounted at /mnt/plaintext']);
  }
}

const repairTools: Record<KnownFilesystem, string> = {
  ext4: 'e2fsck',
  ext3: 'e2fsck',
  ext2: 'e2fsck',
  xfs: 'xfs_repair',
  btrfs: 'btrfs check',
};

/** Runs `work` and words its failure as a file system that the kernel does not mount. */
export async function mountFailure(label: string, fstype: KnownFilesystem, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new PullError(
      'EXB_MOUNT',
      `The file system of disk ${label} (${fstype}) cannot be mounted.`,
      `Check its cable and plug it in again; if this comes back, open it with cryptsetup and repair it with ${repairTools[fstype]}, or replace the disk.`,
      cause,
    );
  }
}

/** Throws the reason of an abort in preference to the error that the abort caused. */
export function orReason(signal: AbortSignal, error: unknown): never {
  throwIfCancelled(signal);
  throw error;
}
