import { DriveError, KeyError, NotReleasedError, PullError, type ExtbackupError } from '../errors.ts';
import { CommandError } from '../system/command.ts';
import type { KnownFilesystem } from './filesystem.ts';
import type { LuksOutcome } from './luks.ts';

/** Runs `work`; its failure becomes the error of a disk that does not answer. */
export async function wakeFailure<T>(label: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
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
    `The disk that was expected to be ${label} has another LUKS header.`,
    'Take it out and plug it in again; if it happens again, the LUKS header may be damaged.',
  );
}

/** The error when LUKS was not opened. Nothing was changed. */
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
        `Disk ${label} disappeared before it could be opened.`,
        'Plug it in again.',
        cause,
      );
    case 'busy':
      return new NotReleasedError([`disk ${label} is in use already, by extbackup-${label} or another program`], cause);
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

/** The error about the file system of an opened disk. */
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
        `The file system of disk ${label} has damage that is not repaired automatically.`,
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

/** Runs `work`; its failure becomes the error of a file system that the kernel does not mount. */
export async function mountFailure(label: string, fstype: KnownFilesystem, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new PullError(
      'EXB_MOUNT',
      `The file system of disk ${label} (${fstype}) cannot be mounted.`,
      'Check its cable and plug it in again; if it happens again, ' +
        `open it with cryptsetup and repair it with ${repairTools[fstype]}, or replace the disk.`,
      cause,
    );
  }
}

const repairTwice = 'Check cable and power, try again, and replace the disk if it happens twice.';

/** The kernel counted errors of the disk, or it disappeared, during its use. */
export const brokenDisk = (label: string, cause?: unknown): ExtbackupError =>
  new PullError(
    'EXB_DISK_ERROR',
    `Disk ${label} reported errors or disappeared.`,
    `${repairTwice} Do not repair its file system before it is copied.`,
    cause,
  );

/** Nothing was opened. */
export const readOnlyDisk = (label: string): ExtbackupError =>
  new PullError(
    'EXB_DISK_READ_ONLY',
    `Disk ${label} is read-only for this machine. Nothing on it was changed.`,
    'Look for a switch on its case, and try another case, cable or port. If none helps, replace the disk.',
  );

/** Nothing was opened. A repair of the file system would cut off its end. */
export const smallerDisk = (label: string, bytes: number, before: number): ExtbackupError =>
  new PullError(
    'EXB_DISK_SMALLER',
    `Disk ${label} shows ${String(bytes)} bytes, and had at least ${String(before)} when it was enrolled. Nothing on it was changed.`,
    'Connect it with the case or adapter that it was enrolled with. Do not run e2fsck on it: that would destroy the end of the copy.',
  );

/** Each step of a run in words, for messages. */
const doings: Readonly<Record<string, string>> = {
  luksUuid: 'reading its LUKS header',
  open: 'opening LUKS',
  filesystemType: 'looking for its file system',
  check: 'checking its file system',
  mount: 'mounting it',
  readInside: 'reading a file on it',
  writeInside: 'writing a file on it',
  pull: 'the pull',
  flush: 'writing the copied files to the disk',
  stamp: 'writing LABEL',
};

/**
 * Words for an error of the system or of a program in a step of a run, so that it is not reported as a bug.
 * @param step name of the step
 * @param isThere whether the kernel still shows the device
 * @returns the cause itself when it is none of these: then it is a bug
 */
export function diskVerdict(label: string, step: string, cause: unknown, isThere: boolean): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  const isProgram = cause instanceof CommandError;
  if (!isProgram && (typeof code !== 'string' || code.startsWith('ERR_'))) return cause;
  const doing = doings[step] ?? 'a step of the run';
  if (!isThere)
    return new PullError('EXB_DISK_GONE', `Disk ${label} disappeared during ${doing}.`, 'Plug it in again.', cause);
  if (
    isProgram &&
    cause.exitCode === undefined &&
    !cause.timedOut &&
    !cause.stillRuns &&
    /started|installed/.test(cause.message)
  )
    return new PullError(
      'EXB_STATION',
      `A program that ${doing} needs could not be started on this machine.`,
      'See: extbackup doctor ; and check the free memory: free -m',
      cause,
    );
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM' || code === 'EAGAIN')
    return new PullError(
      'EXB_STATION',
      `This machine has run out of memory or open files during ${doing}.`,
      'See: extbackup doctor ; then run again: extbackup run',
      cause,
    );
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new PullError(
      'EXB_DISK_FULL',
      `Disk ${label} is full: there was no room for ${doing}.`,
      'Use a larger disk: extbackup drive prepare --help ; or exclude files with pull.exclude',
      cause,
    );
  const detail = isProgram ? '' : ` (${code ?? 'error'})`;
  return new PullError(
    'EXB_DISK_ERROR',
    `Disk ${label} did not answer, or answered with an error${detail}, during ${doing}.`,
    repairTwice,
    cause,
  );
}
