import { randomUUID } from 'node:crypto';
import { chmod, lstat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DriveError, messageOf, NotReleasedError, PullError, UsageError } from '../errors.ts';
import { withUndo, type TakeStep } from '../system/undo.ts';
import { readBootId, readDiskseq } from '../disk/block-devices.ts';
import { flushFilesystem, isKnownFilesystem, readFilesystemType } from '../disk/filesystem.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { holdsOf } from '../disk/holds.ts';
import { assertOwnDirectories } from '../disk/own-directory.ts';
import { mappingName } from '../disk/luks.ts';
import type { LuksFacts } from '../disk/luks-header.ts';
import { worded } from '../disk/disk-trouble.ts';
import { labelPattern, sealPath, type DriveRecord, type Seal } from '../records/drive-record.ts';
import { writeLabel, writeSeal } from './fresh-content.ts';
import { parseSeal } from '../records/identity.ts';
import { settle } from '../disk/format-disk.ts';
import { requireKey } from '../keys/ram-key-ring.ts';
import { mountInside, openVolume, type Volume } from '../opening/opened-disk.ts';
import type { FoundVolume } from '../opening/find-volume.ts';
import type { PrepareContext } from './prepare-drive.ts';

/** A disk to enrol as it is. */
export interface AdoptOrder {
  readonly found: FoundVolume;
  /** Must equal LABEL inside; becomes the label of a disk without LABEL. */
  readonly label: string | undefined;
  /** The record of this volume, when it is enrolled already. */
  readonly known: DriveRecord | undefined;
  /** Labels of the other enrolled disks. */
  readonly taken: readonly string[];
}

/**
 * Opens a volume that was made by hand, reads its label, and gives it a new seal. Nothing else is changed.
 * @returns the record to enrol
 * @throws ExtbackupError
 */
export async function adoptDrive(
  context: PrepareContext,
  order: AdoptOrder,
  signal: AbortSignal,
): Promise<DriveRecord> {
  const { disk, volume, luksUuid } = order.found;
  await requireKey(context.paths);
  const slot = `adopt-${luksUuid.slice(0, 8)}`;
  const opening = { label: order.label ?? order.known?.label ?? volume.path, slot, device: volume.path };
  const [bootId, diskseq] = await Promise.all([readBootId(), readDiskseq(disk.kname)]);
  const sealedId = randomUUID();
  const inside = await worded(signal, unusable(opening.label), () =>
    withUndo(signal, (step) => openAndSeal(step, context, order, opening, sealedId, signal)),
  );
  await settle(context.start);
  const holds = await holdsOf(disk.kname, mappingName(slot));
  if (holds.length > 0) throw new NotReleasedError(holds);
  return {
    ...recordOf(order.known, inside),
    luksUuid,
    sealedId,
    volumeBytes: volume.sizeBytes,
    ...(disk.serial !== null && { serial: disk.serial }),
    ...(diskseq === undefined ? {} : { enrolledDuring: { bootId, diskseq } }),
  };
}

/** Facts about an adopted disk, measured while it was open. */
interface Adopted extends Found {
  readonly generation: number;
  readonly capacityBytes: number;
  readonly luks: LuksFacts;
}

async function openAndSeal(
  step: TakeStep,
  { start, paths }: PrepareContext,
  order: AdoptOrder,
  opening: Volume,
  sealedId: string,
  signal: AbortSignal,
): Promise<Adopted> {
  const opened = await openVolume(step, start, paths, opening, signal);
  const fstype = await readFilesystemType(start, opened.path);
  if (!isKnownFilesystem(fstype))
    throw new DriveError(
      'EXB_FILESYSTEM',
      `${opening.device} has no file system that extbackup knows.`,
      'Nothing was changed. Name another disk, or prepare this one: extbackup drive prepare --help',
    );
  const top = await mountInside(step, start, paths, opening, fstype, signal);
  const found = await readInside(top, order.label);
  if (order.taken.includes(found.label))
    throw new UsageError(
      `Another disk is enrolled as ${found.label}. Nothing was changed.`,
      `Each disk needs a label of its own. To give up the other disk: extbackup drive forget ${found.label}`,
    );
  const generation = Math.max(found.seal?.generation ?? 0, order.known?.generation ?? 0);
  await chmod(top, 0o700); // hidden from other local users
  const { luksUuid } = order.found;
  await writeSeal(top, { ...found.seal, version: 1, sealedId, luksUuid, label: found.label, generation });
  if (!found.hasLabel) await writeLabel(top, found.label);
  await flushFilesystem(start, top, signal);
  const { blocks, bsize } = await statfs(top);
  return { ...found, generation, capacityBytes: blocks * bsize, luks: opened.luks };
}

/** The record from the disk's own facts, with the figures of an earlier enrolment if there is one. */
function recordOf(earlier: DriveRecord | undefined, inside: Adopted): Omit<DriveRecord, 'luksUuid' | 'sealedId'> {
  const known = earlier && { ...earlier };
  delete known?.mirror; // the directory inside may have been renamed
  return {
    runs: 0,
    lastRun: null,
    filesTotal: 0,
    bytesTotal: 0,
    ...known,
    label: inside.label,
    generation: inside.generation,
    state: 'active',
    lastError: null,
    enrolledAt: known?.enrolledAt ?? new Date().toISOString(),
    lastSuccess: known?.lastSuccess ?? inside.lastSuccess,
    capacityBytes: inside.capacityBytes,
    luks: inside.luks,
    ...(inside.mirror === 'backups' ? {} : { mirror: inside.mirror }),
  };
}

interface Found {
  readonly label: string;
  readonly hasLabel: boolean;
  readonly seal: Seal | undefined;
  readonly mirror: NonNullable<DriveRecord['mirror']>;
  readonly lastSuccess: string | null;
}

/**
 * Reads the label inside the disk.
 * @throws DriveError or UsageError when the disk has no usable label
 */
export async function readInside(top: string, wanted: string | undefined): Promise<Found> {
  await assertOwnDirectories(top, dirname(sealPath));
  const text = (await readSmallFile(join(top, 'LABEL')))?.trim();
  if (text === undefined && wanted === undefined)
    throw new DriveError(
      'EXB_LABEL_MISSING',
      'The disk has no LABEL file inside. Nothing was changed.',
      'If it is the right disk, give it a label: --label BACKUP_1',
    );
  if (text !== undefined && !labelPattern.test(text))
    throw new DriveError(
      'EXB_LABEL_MISMATCH',
      'The LABEL file inside the disk holds no usable label. Nothing was changed.',
      'It must hold 1 to 16 letters, digits, ".", "_" or "-". Open and mount the disk by hand and edit the file.',
    );
  const label = text ?? wanted ?? '';
  if (wanted !== undefined && wanted !== label)
    throw new UsageError(
      `LABEL inside the disk says ${label}, not ${wanted}. Nothing was changed.`,
      'Leave out --label, or name the right disk.',
    );
  const mirrors = ['backups', 'backup', 'remotebackup'] as const;
  const there = await Promise.all(mirrors.map((name) => isDirectory(join(top, name))));
  return {
    label,
    hasLabel: text !== undefined,
    seal: parseSeal(await readSmallFile(join(top, sealPath))),
    mirror: mirrors.find((_, index) => there[index]) ?? 'backups',
    lastSuccess: text === undefined ? null : await timeOf(join(top, 'LABEL')),
  };
}

/** The time of LABEL is the time of the last backup; a new disk has 0; a time in the future is ignored. */
async function timeOf(file: string): Promise<string | null> {
  const { mtime } = await lstat(file);
  return mtime.getTime() <= 0 || mtime.getTime() > Date.now() ? null : mtime.toISOString();
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch {
    return false;
  }
}

const unusable =
  (label: string) =>
  (cause: unknown): PullError =>
    new PullError(
      'EXB_DISK_ERROR',
      `${label} could not be read or written: ${messageOf(cause)}.`,
      'It was closed again. Check cable and power, or repair its file system with fsck, and try again.',
      cause,
    );
