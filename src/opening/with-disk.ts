import { join } from 'node:path';
import { DriveError, messageOf, PullError } from '../errors.ts';
import { withUndo } from '../system/undo.ts';
import { listBlockDevices } from '../disk/block-devices.ts';
import type { StartProgram } from '../system/command.ts';
import { isKnownFilesystem, readFilesystemType } from '../disk/filesystem.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { changeLogDirectory } from '../history/history-entry.ts';
import { historyDirectory } from '../history/work-directory.ts';
import { assertOwnDirectories } from '../disk/own-directory.ts';
import { files, type Paths } from '../system/paths.ts';
import { withDeviceLock } from './device-lock.ts';
import { whileThere } from './disk-gone.ts';
import { worded } from '../disk/disk-trouble.ts';
import { sealPath, type DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { chooseRecord, volumeOfRecord } from './find-volume.ts';
import { parseSeal, verifyIdentity, verifySeal } from '../records/identity.ts';
import { openedByPersonRefusal, readOpenedByPerson } from './opened-by-person.ts';
import { requireKey } from '../keys/ram-key-ring.ts';
import { mountInside, openVolume } from './opened-disk.ts';

/** An enrolled disk that is open for a command. */
export interface OpenedDisk {
  readonly record: DriveRecord;
  /** Where it is mounted. */
  readonly top: string;
  /** The directory of the mirror, below {@link top}. */
  readonly mirror: string;
  /** The LUKS volume; undefined when a person has opened it. */
  readonly device: string | undefined;
  /** A person has it open, and it stays open. */
  readonly staysOpen: boolean;
}

/** The wanted disk, and how to open it. */
export interface DiskWish {
  /** undefined takes the only plugged disk. */
  readonly label: string | undefined;
  readonly writable?: boolean;
}

/**
 * Runs `work` with an enrolled disk open, and closes the disk again in every case. A disk that a person has open is
 * used as it is and stays open.
 * @throws ExtbackupError
 */
export async function withDisk<T>(
  start: StartProgram,
  paths: Paths,
  wish: DiskWish,
  signal: AbortSignal,
  work: (disk: OpenedDisk) => Promise<T>,
): Promise<T> {
  return withDeviceLock(paths, async () => {
    const records = await createDriveRegistry(files.drives(paths)).list();
    const opened = await readOpenedByPerson(paths);
    if (opened) {
      const record = records.find(({ luksUuid }) => luksUuid === opened.luksUuid);
      if (
        !record ||
        (wish.label !== undefined && wish.label !== opened.label) ||
        (wish.writable === true && !opened.writable)
      )
        throw openedByPersonRefusal(opened);
      return worded(signal, unread(record.label), () =>
        whileThere(start, record, signal, () => workInside(record, paths.plaintext, undefined, work)),
      );
    }
    const disks = await listBlockDevices(start);
    const record = chooseRecord(wish.label, records, disks);
    const { volume } = volumeOfRecord(record, disks);
    await requireKey(paths);
    const opening = {
      label: record.label,
      device: volume.path,
      readOnly: wish.writable !== true,
      enrolled: record.luks,
    };
    return worded(signal, unread(record.label), () =>
      withUndo(signal, async (step) => {
        const opened = await openVolume(step, start, paths, opening, signal);
        const fstype = await readFilesystemType(start, opened.path);
        if (!isKnownFilesystem(fstype))
          throw new DriveError(
            'EXB_FILESYSTEM',
            `Disk ${record.label} has no file system that extbackup knows.`,
            'Check that the right disk is plugged in: extbackup drive list',
          );
        const top = await mountInside(step, start, paths, opening, fstype, signal);
        const label = (await readSmallFile(join(top, 'LABEL')))?.trim();
        const inside = { label, seal: parseSeal(await readSmallFile(join(top, sealPath))) };
        if (wish.writable === true) verifyIdentity(record, inside);
        else verifySeal(record, inside);
        return whileThere(start, record, signal, () => workInside(record, top, volume.path, work));
      }),
    );
  });
}

/** Refuses a disk on which one of our directories is a link: a command must not leave the disk. */
async function workInside<T>(
  record: DriveRecord,
  top: string,
  device: string | undefined,
  work: (disk: OpenedDisk) => Promise<T>,
): Promise<T> {
  const mirror = record.mirror ?? 'backups';
  await assertOwnDirectories(top, mirror, historyDirectory, changeLogDirectory);
  return work({ record, top, mirror, device, staysOpen: device === undefined });
}

const unread =
  (label: string) =>
  (cause: unknown): PullError =>
    new PullError(
      'EXB_DISK_ERROR',
      `Disk ${label} could not be read: ${messageOf(cause)}.`,
      'It was closed again. Check cable and power and try again.',
      cause,
    );
