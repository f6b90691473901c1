import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { StartProgram } from '../system/command.ts';

/** File systems that a rotation disk may have. */
const knownFilesystems = ['ext4', 'ext3', 'ext2', 'xfs', 'btrfs'] as const;
export type KnownFilesystem = (typeof knownFilesystems)[number];

/** Whether a disk with this file system can be used. */
export const isKnownFilesystem = (type: string | undefined): type is KnownFilesystem =>
  knownFilesystems.some((known) => known === type);

/**
 * The result of the check before mounting. `at-mount`: xfs and btrfs have no such check; the kernel checks, and
 * recovers from an interruption, when it mounts them. See e2fsck(8), fsck.xfs(8), fsck.btrfs(8).
 */
export type CheckOutcome = 'clean' | 'repaired' | 'needs-a-person' | 'at-mount';

/** Checks an unmounted file system as far as its kind allows it. @throws CommandError */
export function checkFilesystem(
  start: StartProgram,
  device: string,
  type: KnownFilesystem,
  signal?: AbortSignal,
): Promise<CheckOutcome> {
  return type === 'xfs' || type === 'btrfs' ? Promise.resolve('at-mount') : checkExt(start, device, signal);
}

/** Type of the file system on an opened device, for example ext4; undefined when blkid recognises none. */
export async function readFilesystemType(start: StartProgram, device: string): Promise<string | undefined> {
  const { stdout } = await start({
    file: '/usr/sbin/blkid',
    args: ['--probe', '--usages', 'filesystem', '--match-tag', 'TYPE', '--output', 'value', device],
    timeoutMs: 60_000,
    accept: [2],
  });
  const type = stdout.trim();
  return type === '' ? undefined : type;
}

/** Checks an unmounted ext file system and makes the repairs that need no decision. */
async function checkExt(start: StartProgram, device: string, signal?: AbortSignal): Promise<CheckOutcome> {
  const { exitCode } = await start({
    file: '/usr/sbin/e2fsck',
    args: ['-p', device],
    timeoutMs: 12 * 3_600_000, // a big disk after a power cut; the operator sees the phase
    accept: [1, 2, 3, 4, 5, 6, 7, 8, 12],
    ...(signal && { signal }),
  });
  if (exitCode >= 4) return 'needs-a-person';
  return exitCode === 0 ? 'clean' : 'repaired';
}

/**
 * Reads the first block past the page cache, which makes a sleeping disk spin up.
 * In a child, because a read from a dying disk can hang in the kernel for minutes.
 * @returns that block
 * @throws CommandError
 */
export async function wakeDevice(start: StartProgram, device: string, signal?: AbortSignal): Promise<Buffer> {
  const { stdout } = await start({
    file: '/usr/bin/dd',
    args: [`if=${device}`, 'bs=4096', 'count=1', 'iflag=direct', 'status=none'],
    isBinary: true,
    timeoutMs: 90_000,
    ...(signal && { signal }),
  });
  return Buffer.from(stdout, 'latin1');
}

/**
 * Waits until everything written to the file system of `path` is on the medium, and reports errors of that writing.
 * @throws CommandError
 */
export async function flushFilesystem(start: StartProgram, path: string, signal?: AbortSignal): Promise<void> {
  await start({
    file: '/usr/bin/sync',
    args: ['--file-system', path],
    timeoutMs: 2 * 3_600_000,
    ...(signal && { signal }),
  });
}

/** Sets a file's time and waits until that is on the medium. Does not follow a symbolic link. */
export async function stampFile(file: string, at: Date): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    await handle.utimes(at, at);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** File systems that a disk can be prepared with. */
export const filesystems = ['ext4', 'xfs', 'btrfs'] as const;
export type FilesystemType = (typeof filesystems)[number];
