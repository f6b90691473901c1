import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BusyError, ExtbackupError, exitCodes } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { lockFile } from '../system/file-lock.ts';
import { registrySchema, type DriveRecord } from './drive-record.ts';

/** The enrolled disks, in `/var/lib/extbackup/drives.json`. The agent and the CLI both write it. */
export interface DriveRegistry {
  /** Throws ExtbackupError when the file is there and cannot be understood. */
  list(): Promise<readonly DriveRecord[]>;
  /**
   * Replaces the list by what `change` makes of it; nobody else writes in between.
   * Throws BusyError when another process holds the ledger for more than ten seconds.
   */
  update(change: (drives: readonly DriveRecord[]) => readonly DriveRecord[]): Promise<void>;
}

/** {@link DriveRegistry} in a file; a copy of the last good state stands beside it as `drives.json.previous`. */
export function createDriveRegistry(file: string): DriveRegistry {
  const previous = `${file}.previous`;
  const list = async (): Promise<readonly DriveRecord[]> => {
    const text = await readIfThere(file);
    if (text === undefined) return [];
    return parse(text) ?? parse((await readIfThere(previous)) ?? '') ?? refuse(file);
  };
  return {
    list,
    update: async (change) => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const lock = await lockFile(`${file}.lock`, 10_000);
      if (!lock) throw new BusyError('Another process is writing the list of enrolled disks.', 'Try again in a moment.');
      try {
        const before = await list();
        if (before.length > 0) await writeAtomically(previous, render(before), true);
        await writeAtomically(file, render(change(before)), true);
      } finally {
        await lock.release();
      }
    },
  };
}

const render = (drives: readonly DriveRecord[]): string => `${JSON.stringify({ version: 1, drives }, null, 2)}\n`;

function parse(text: string): readonly DriveRecord[] | undefined {
  try {
    return registrySchema.parse(JSON.parse(text)).drives;
  } catch {
    return undefined; // torn, empty or of a newer version: the caller has a second copy
  }
}

function refuse(file: string): never {
  throw new ExtbackupError('EXB_LEDGER', exitCodes.usage, {
    happened: `The list of enrolled disks, ${file}, is damaged or of a newer version, and so is its copy.`,
    todo: 'Put it back from a backup of this machine, or move it away and enrol the disks again: extbackup drive adopt --help',
  });
}
