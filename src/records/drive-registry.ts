import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BusyError, ExtbackupError, exitCodes, type Advice } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { lockFile } from '../system/file-lock.ts';
import type { DriveRecord } from './drive-record.ts';
import { mergeDrives, parseRegistry, renderRegistry, unreadable, type RegistryCopy } from './registry-file.ts';

/** The registry as it was found. */
export interface RegistryReading {
  readonly drives: readonly DriveRecord[];
  /** False when nothing is known of the enrolled disks: `drives` is empty then, and means nothing. */
  readonly usable: boolean;
  /** What is wrong with the file, and what to do. */
  readonly trouble?: Advice;
}

/** The enrolled disks, in `/var/lib/extbackup/drives.json`. The agent and the CLI both write it. */
export interface DriveRegistry {
  /** Falls back to the copy, then to single records. Throws ExtbackupError when nothing can be understood. */
  list(): Promise<readonly DriveRecord[]>;
  /** As {@link list}, and says what is wrong. Throws only for want of rights. */
  read(): Promise<RegistryReading>;
  /** Throws ExtbackupError when a newer version wrote the file: asked before a disk is changed. */
  assertWritable(): Promise<void>;
  /**
   * Replaces the list by what `change` makes of it; nobody else writes in between. A damaged file is set aside, never overwritten.
   * Throws BusyError when another process holds the registry for more than ten seconds, ExtbackupError when a newer
   * version wrote it, or when nothing can be understood.
   * @param how `anew`: with nothing to be understood, begin with an empty list
   * @returns where damaged files were set aside
   */
  update(
    change: (drives: readonly DriveRecord[]) => readonly DriveRecord[],
    how?: { readonly anew: boolean },
  ): Promise<readonly string[]>;
}

/** {@link DriveRegistry} in a file; a copy of the last good state stands beside it as `drives.json.previous`. */
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
        const after = change(before);
        const aside = await setAside([...(isBad(found.main) ? [file] : []), ...(isBad(found.copy) ? [previous] : [])]);
        const { rest } = found.main.state === 'good' ? found.main : found.copy;
        if (before.length > 0) await writeAtomically(previous, renderRegistry(before, rest), true);
        await writeAtomically(file, renderRegistry(after, rest), true);
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

/** What cannot be read is damaged, except for somebody who may not read it. */
async function readCopy(file: string): Promise<RegistryCopy> {
  try {
    return parseRegistry(await readIfThere(file));
  } catch (error) {
    if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') && process.getuid?.() !== 0)
      throw error;
    return unreadable;
  }
}

/** What both copies together say. */
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
          `The list of enrolled disks, ${file}, is ${how}. Its copy, or what is left of it, is used instead; ` +
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

/** Keeps what may still be of use to somebody. */
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
