import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BusyError, ExtbackupError, exitCodes, type Advice } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { lockFile } from '../system/file-lock.ts';
import type { DriveRecord } from './drive-record.ts';
import { mergeDrives, parseRegistry, renderRegistry, unreadable, type RegistryCopy } from './registry-file.ts';

/** The result of reading the registry. */
export interface RegistryReading {
  readonly drives: readonly DriveRecord[];
  /** False when the enrolled disks are unknown: then the empty `drives` means nothing. */
  readonly usable: boolean;
  /** The fault of the file, and the advice. */
  readonly trouble?: Advice;
}

/** The enrolled disks, in `/var/lib/extbackup/drives.json`. The agent and the CLI both write it. */
export interface DriveRegistry {
  /** Falls back to the copy, then to single records. Throws ExtbackupError when no record is readable. */
  list(): Promise<readonly DriveRecord[]>;
  /** As {@link list}, with the fault of the file. Throws only for missing rights. */
  read(): Promise<RegistryReading>;
  /** Throws ExtbackupError when a newer version wrote the file. Call this before a disk is changed. */
  assertWritable(): Promise<void>;
  /**
   * Replaces the list by the result of `change`, under a lock. A damaged file is set aside, never overwritten.
   * Throws BusyError when another process holds the registry for more than ten seconds, ExtbackupError when a newer
   * version wrote it, or when no record is readable.
   * @param how `anew`: if no record is readable, begin with an empty list
   * @returns the new paths of damaged files that were set aside
   */
  update(
    change: (drives: readonly DriveRecord[]) => readonly DriveRecord[],
    how?: { readonly anew: boolean },
  ): Promise<readonly string[]>;
}

/** {@link DriveRegistry} in a file; a copy of the last good state is beside it as `drives.json.previous`. */
export function createDriveRegistry(file: string): DriveRegistry {
  const previous = `${file}.previous`;
  const readBoth = async (): Promise<Copies> => ({ main: await readCopy(file), copy: await readCopy(previous) });
  return {
    list: async () => {
      const { drives, usable, trouble } = reading(file, await readBoth());
      if (!usable && trouble) throw registryError(trouble);
      return drives;
    },
    read: async () => reading(file, await readBoth()),
    assertWritable: async () => {
      if ((await readCopy(file)).state === 'newer') throw registryError(newer(file));
    },
    update: async (change, { anew } = { anew: false }) => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const lock = await lockFile(`${file}.lock`, 10_000);
      if (!lock)
        throw new BusyError('Another process is writing the list of enrolled disks.', 'Try again in a moment.');
      try {
        const found = await readBoth();
        if (found.main.state === 'newer') throw registryError(newer(file));
        const { drives: before, usable, trouble } = reading(file, found);
        if (!usable && trouble && !anew) throw registryError(trouble);
        const { rest } = found.main.state === 'good' ? found.main : found.copy;
        const after = renderRegistry(change(before), rest);
        const aside = await setAside([...(isBad(found.main) ? [file] : []), ...(isBad(found.copy) ? [previous] : [])]);
        if (before.length > 0) await writeAtomically(previous, renderRegistry(before, rest), true);
        await writeAtomically(file, after, true);
        return aside;
      } finally {
        await lock.release();
      }
    },
  };
}

interface Copies {
  readonly main: RegistryCopy;
  readonly copy: RegistryCopy;
}

const isBad = ({ state }: RegistryCopy): boolean => state === 'damaged' || state === 'newer';

/** An unreadable file counts as damaged; a missing permission is an error. */
async function readCopy(file: string): Promise<RegistryCopy> {
  try {
    return parseRegistry(await readIfThere(file));
  } catch (error) {
    if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') && process.getuid?.() !== 0)
      throw error;
    return unreadable;
  }
}

/** The records of both copies together. */
function reading(file: string, { main, copy }: Copies): RegistryReading {
  if (main.state === 'good') return { drives: main.drives, usable: true };
  if (main.state === 'missing' && copy.state === 'missing') return { drives: [], usable: true };
  const drives = mergeDrives(main.drives, copy.drives);
  const usable = drives.length > 0 || copy.state === 'good';
  if (main.state === 'newer') return { drives, usable, trouble: newer(file) };
  const how = main.state === 'missing' ? 'missing' : 'damaged or cannot be read';
  if (usable)
    return {
      drives,
      usable,
      trouble: {
        happened:
          `The list of enrolled disks, ${file}, is ${how}. Its copy, or the readable part, is used instead; ` +
          'the last change may be lost.',
        todo: 'Check the disk of this machine: journalctl -k -p err ; and whether all disks are there: extbackup drive list',
      },
    };
  return {
    drives,
    usable,
    trouble: {
      happened: `The list of enrolled disks, ${file}, is ${how}, and so is its copy. No disk can be backed up.`,
      todo: 'Put it back from a backup of this machine, or enrol each disk again: extbackup drive adopt --help',
    },
  };
}

const newer = (file: string): Advice => ({
  happened: `The list of enrolled disks, ${file}, was written by a newer version of extbackup. It is not changed.`,
  todo: 'Install that version again; or, to stay with this one, move the file away and enrol the disks again: extbackup drive adopt --help',
});

const registryError = (advice: Advice): ExtbackupError => new ExtbackupError('EXB_LEDGER', exitCodes.usage, advice);

/** Moves a damaged file aside, for a later repair by hand. */
async function setAside(damaged: readonly string[]): Promise<readonly string[]> {
  const time = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const moved: string[] = [];
  for (const file of damaged) {
    const aside = `${file}.damaged-${time}`;
    await rename(file, aside);
    moved.push(aside);
  }
  return moved;
}
