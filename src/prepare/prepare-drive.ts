import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { isThere } from '../system/is-there.ts';
import { DriveError, messageOf, NotReleasedError, PullError, UsageError, type ExtbackupError } from '../errors.ts';
import { throwIfCancelled, withUndo, type TakeStep } from '../system/undo.ts';
import { readBootId, readDiskseq, type BlockDevice } from '../disk/block-devices.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { flushFilesystem } from '../disk/filesystem.ts';
import { readVolume } from '../disk/volume-state.ts';
import { readIoErrors } from '../disk/io-errors.ts';
import { mappingName, readLuksUuid } from '../disk/luks.ts';
import { holdsOf } from '../disk/holds.ts';
import { files, type Paths } from '../system/paths.ts';
import type { FilesystemType } from '../disk/filesystem.ts';
import { worded } from '../disk/disk-trouble.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import {
  affordableMemoryKiB,
  awaitPartition,
  bytesPerInode,
  filesystemMaker,
  findPartitioner,
  formatLuks,
  makeFilesystem,
  partition,
  partitioners,
  settle,
  wipeSignatures,
} from '../disk/format-disk.ts';
import { writeFreshContent } from './fresh-content.ts';
import { checkHeaderTarget, copyHeader } from './header-copy.ts';
import { requireKey } from '../keys/ram-key-ring.ts';
import { mountInside, openVolume, type Volume } from '../opening/opened-disk.ts';
import { checkSurface, surfaceChecker, type SurfaceCheck } from '../disk/surface-check.ts';
import { tellPercent } from '../terminal/tell-percent.ts';

/** The command's settings for the steps. */
export interface PrepareContext {
  readonly paths: Paths;
  readonly start: StartProgram;
  readonly note: (text: string) => void;
}

/** A disk that the operator has agreed to erase. */
export interface PrepareOrder {
  readonly disk: BlockDevice;
  readonly label: string;
  readonly filesystem: FilesystemType;
  /** Where a copy of the LUKS header goes; see {@link copyHeader}. */
  readonly headerBackup?: string;
  /** Takes the copy of the header that goes to standard output. */
  readonly writeOut: (bytes: Uint8Array) => Promise<void>;
  /** Number of files on the fullest other disk, for the number of inodes. */
  readonly filesKnown?: number;
  /** Checks every block first. */
  readonly check?: SurfaceCheck;
}

/**
 * Checks everything possible before anything is erased.
 * @throws UsageError
 */
export async function checkMeans(
  context: PrepareContext,
  order: Pick<PrepareOrder, 'filesystem' | 'headerBackup' | 'check'>,
): Promise<void> {
  await requireKey(context.paths);
  for (const program of [
    '/usr/sbin/cryptsetup',
    (await findPartitioner()) ?? partitioners[0],
    '/usr/sbin/wipefs',
    filesystemMaker(order.filesystem),
    ...(order.check ? [surfaceChecker] : []),
  ]) {
    if (!(await isThere(program)))
      throw new UsageError(
        `The program ${program} is not installed.`,
        'Install its package (cryptsetup-bin, fdisk, util-linux, e2fsprogs, xfsprogs or btrfs-progs) and try again.',
      );
  }
  const warning =
    order.headerBackup === undefined ? undefined : await checkHeaderTarget(context.start, order.headerBackup);
  if (warning !== undefined) context.note(warning);
}

/**
 * Makes a rotation disk: partition, LUKS, file system, LABEL, seal. The disk is closed again in every case. @returns
 * the record to enrol; it names the present attach, so that this attach starts no run by itself
 * @throws ExtbackupError
 */
export async function prepareDrive(
  context: PrepareContext,
  order: PrepareOrder,
  signal: AbortSignal,
): Promise<DriveRecord> {
  const { disk, label } = order;
  const ids = { luksUuid: randomUUID(), sealedId: randomUUID() };
  const [bootId, diskseq] = await Promise.all([readBootId(), readDiskseq(disk.kname)]);
  const errorsBefore = await readIoErrors(disk.kname);
  const made = await worded(signal, unprepared(label), () =>
    telling(label, disk.kname, errorsBefore, () =>
      withUndo(signal, async (step) => {
        if (order.check) await tryEveryBlock(context, disk.path, order.check, signal);
        const device = await makeVolume(context, order, ids.luksUuid, signal);
        return fillVolume(step, context, order, { label, device }, ids, signal);
      }),
    ),
  );
  await settle(context.start);
  const holds = await holdsOf(disk.kname, mappingName(label));
  if (holds.length > 0) throw new NotReleasedError(holds);
  return {
    label,
    ...ids,
    ...(disk.serial !== null && { serial: disk.serial }),
    generation: 0,
    enrolledAt: new Date().toISOString(),
    state: 'active',
    runs: 0,
    lastRun: null,
    lastSuccess: null,
    lastError: null,
    filesTotal: 0,
    bytesTotal: 0,
    ...made,
    ...(diskseq === undefined ? {} : { enrolledDuring: { bootId, diskseq } }),
  };
}

async function tryEveryBlock(
  context: PrepareContext,
  device: string,
  check: SurfaceCheck,
  signal: AbortSignal,
): Promise<void> {
  context.note(`Checking every block of ${device}; this takes hours …`);
  await checkSurface(context.start, device, check, tellPercent(context, 'Checking the surface'), signal);
  context.note('No bad block was found.');
}

/**
 * Partitions and encrypts the disk.
 * @returns the LUKS volume, closed, for example /dev/sdb1
 */
async function makeVolume(
  { start, paths, note }: PrepareContext,
  { disk, label }: PrepareOrder,
  uuid: string,
  signal: AbortSignal,
): Promise<string> {
  note(`Partitioning ${disk.path} …`);
  await wipeSignatures(start, disk, signal);
  await partition(start, disk.path, label, signal);
  const device = (await awaitPartition(start, disk.path)).path;
  throwIfCancelled(signal);
  note('Encrypting: LUKS2 …');
  await formatLuks(
    start,
    { device, label, uuid, keyFile: files.luksKey(paths), pbkdfMemoryKiB: affordableMemoryKiB() },
    signal,
  );
  if ((await readLuksUuid(start, device, signal)) !== uuid) throw new Error('the new LUKS header cannot be read back');
  return device;
}

/** Opens the new volume, makes the file system and its first content, and copies the LUKS header if wanted. */
async function fillVolume(
  step: TakeStep,
  context: PrepareContext,
  { disk, label, filesystem, filesKnown, headerBackup, writeOut }: PrepareOrder,
  volume: Volume,
  { luksUuid, sealedId }: { readonly luksUuid: string; readonly sealedId: string },
  signal: AbortSignal,
): Promise<Pick<DriveRecord, 'capacityBytes' | 'volumeBytes' | 'luks'>> {
  const { start, paths } = context;
  const opened = await openVolume(step, start, paths, volume, signal);
  const making = `Making the ${filesystem} file system`;
  context.note(`${making}; on a large disk this takes minutes …`);
  const ratio = bytesPerInode(disk.sizeBytes, filesKnown);
  await makeFilesystem(start, filesystem, label, opened.path, signal, tellPercent(context, making), ratio);
  const top = await mountInside(step, start, paths, volume, filesystem, signal);
  await writeFreshContent(top, { version: 1, sealedId, luksUuid, label, generation: 0 });
  await flushFilesystem(start, top, signal);
  if (headerBackup !== undefined) await copyHeader(start, paths, volume.device, headerBackup, writeOut, signal);
  const { blocks, bsize } = await statfs(top);
  const volumeBytes = (await readVolume(volume.device))?.bytes;
  return { capacityBytes: blocks * bsize, ...(volumeBytes !== undefined && { volumeBytes }), luks: opened.luks };
}

/** The kernel's count of I/O errors identifies a failing disk; programs word it in too many ways. */
async function telling<T>(
  label: string,
  kname: string,
  errorsBefore: number | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const errors = cause instanceof CommandError ? await readIoErrors(kname) : errorsBefore;
    throw errors === errorsBefore ? cause : diskError(label, cause);
  }
}

const diskError = (label: string, cause: unknown): PullError =>
  new PullError(
    'EXB_DISK_ERROR',
    `The disk reported errors or went away while ${label} was prepared.`,
    'Check cable and power and run the same command again; use another disk if it happens twice.',
    cause,
  );

const unprepared =
  (label: string) =>
  (cause: unknown): ExtbackupError => {
    if (cause instanceof CommandError && /Input\/output error|No such device|No medium/i.test(cause.stderr)) {
      return diskError(label, cause);
    }
    return new DriveError(
      'EXB_PREPARE',
      `${label} could not be prepared: ${messageOf(cause)}.`,
      'Nothing was enrolled and the disk is closed. Remove the cause and run the same command again.',
      cause,
    );
  };
