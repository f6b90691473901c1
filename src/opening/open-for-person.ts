import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DriveError, ExtbackupError, NotReleasedError, PullError } from '../errors.ts';
import { readDiskseq } from '../disk/block-devices.ts';
import { requireKey } from '../keys/ram-key-ring.ts';
import { openFailure } from '../disk/disk-errors.ts';
import type { StartProgram } from '../system/command.ts';
import { isKnownFilesystem, readFilesystemType } from '../disk/filesystem.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { holdsOf } from '../disk/holds.ts';
import { ensureLuksClosed, isOpen, mappingName, mappingPath, openLuks } from '../disk/luks.ts';
import { ensureUnmounted, mountAt, mountDevice } from '../disk/mounts.ts';
import { files, type Paths } from '../system/paths.ts';
import { sealPath, type DriveRecord } from '../records/drive-record.ts';
import { parseSeal, verifyIdentity, type Inside } from '../records/identity.ts';
import type { FoundVolume } from './find-volume.ts';
import {
  forgetOpenedByPerson,
  noteOpenedByPerson,
  readOpenedByPerson,
  wasPulledOut,
  type OpenedByPerson,
} from './opened-by-person.ts';
import { mountOptions } from './opened-disk.ts';
import { forgetOpened, noteOpened, tellOfOpening } from './opened-note.ts';
import { usersOf } from '../system/users-of.ts';

/**
 * Opens a disk for a person and mounts it at /mnt/plaintext, until {@link closeForPerson}.
 * @returns the content of LABEL inside; undefined when there is none
 * @throws ExtbackupError; the disk is closed again then
 */
export async function openForPerson(
  start: StartProgram,
  paths: Paths,
  found: FoundVolume,
  record: DriveRecord,
  person: Pick<OpenedByPerson, 'by' | 'writable' | 'since' | 'closesAt'>,
): Promise<string | undefined> {
  const { label } = record;
  const name = mappingName(label);
  await requireKey(paths);
  if ((await mountAt(paths.plaintext)) !== undefined)
    throw new NotReleasedError([`something is already mounted at ${paths.plaintext}`]);
  if (await isOpen(name)) throw openFailure(label, 'busy');
  const diskseq = await readDiskseq(found.disk.kname);
  await noteOpened(paths, name);
  const { outcome } = await openLuks(start, {
    device: found.volume.path,
    name,
    called: label,
    enrolled: record.luks,
    keyFile: files.luksKey(paths),
    readOnly: !person.writable,
  });
  if (outcome !== 'opened') throw openFailure(label, outcome);
  try {
    await noteOpenedByPerson(paths, {
      version: 1,
      label,
      luksUuid: record.luksUuid,
      disk: found.disk.kname,
      ...(diskseq !== undefined && { diskseq }),
      ...person,
    });
    await tellOfOpening(paths);
    const fstype = await readFilesystemType(start, mappingPath(name));
    if (!isKnownFilesystem(fstype))
      throw new DriveError(
        'EXB_FILESYSTEM',
        `Disk ${label} has no file system that extbackup knows.`,
        'It was closed again. Check that the right disk is plugged in: extbackup drive list',
      );
    await mkdir(paths.plaintext, { recursive: true, mode: 0o700 });
    await mountDevice(start, mappingPath(name), paths.plaintext, fstype, mountOptions(fstype, !person.writable));
    const inside = await readInside(paths.plaintext);
    if (person.writable) {
      verifyIdentity(record, inside);
      await chmod(paths.plaintext, 0o700); // hidden from other local users
    }
    return inside.label;
  } catch (cause) {
    await closeAll(start, paths, name);
    if (cause instanceof ExtbackupError) throw cause;
    throw new PullError(
      'EXB_MOUNT',
      `Disk ${label} could not be mounted.`,
      'It was closed again. If it was unplugged during a run, the next run repairs it; otherwise try: fsck',
      cause,
    );
  }
}

/** A disk that a person had open. `isGone`: it was pulled out before it was closed. */
export type ClosedForPerson = OpenedByPerson & { readonly isGone: boolean };

/**
 * Unmounts and closes the disk that a person has opened, and proves it. @returns the note about the disk; undefined
 * when no person had a disk open
 * @throws NotReleasedError with the programs that still use it
 */
export async function closeForPerson(
  start: StartProgram,
  paths: Paths,
  patienceMs = 5_000,
): Promise<ClosedForPerson | undefined> {
  const opened = await readOpenedByPerson(paths);
  if (!opened) {
    await forgetOpenedByPerson(paths);
    return undefined;
  }
  await closeAll(start, paths, mappingName(opened.label), patienceMs);
  const isGone = await wasPulledOut(opened);
  const holds = await holdsOf(isGone ? undefined : opened.disk, mappingName(opened.label));
  if (holds.length > 0) throw new NotReleasedError(holds);
  return { ...opened, isGone };
}

async function closeAll(start: StartProgram, paths: Paths, name: string, patienceMs?: number): Promise<void> {
  try {
    if ((await mountAt(paths.plaintext))?.source === mappingPath(name))
      await ensureUnmounted(start, paths.plaintext, patienceMs);
    await ensureLuksClosed(start, name, patienceMs);
  } catch (cause) {
    const users = await usersOf(paths.plaintext);
    throw new NotReleasedError(
      [`${paths.plaintext} is still in use${users.length === 0 ? '' : ` by ${users.join(', ')}`}`],
      cause,
    );
  }
  await forgetOpenedByPerson(paths);
  await forgetOpened(paths, name);
  await tellOfOpening(paths);
}

/** Reads LABEL without checks: a person may open, read-only, a disk with a foreign seal. */
async function readInside(top: string): Promise<Inside> {
  return {
    label: (await readSmallFile(join(top, 'LABEL')))?.trim(),
    seal: parseSeal(await readSmallFile(join(top, sealPath))),
  };
}
