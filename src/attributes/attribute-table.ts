import { open, readdir, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ownDirectory } from '../disk/own-directory.ts';
import { replaceFile } from '../system/new-file.ts';
import { readJsonInside } from '../system/read-json.ts';
import { attributeKinds } from '../history/history-entry.ts';
import { attributeFiles, type AttributeFiles } from './attribute-files.ts';

/**
 * Directory on the disk with the attributes that the files of the mirror had after the last rsync. It is not beside the
 * logs, because printed recovery sheets take every file there for a log.
 */
export const attributeDirectory = '.extbackup/attributes';

const size = z.int().nonnegative();
const stateSchema = z.object({
  version: z.literal(1),
  /** Stands in the names of the files. */
  serial: z.int().positive(),
  /** The bytes of each file that count. Later changes are appended; text after these bytes is unfinished. */
  bytes: z.object({ facl: size, fattr: size, links: size }),
  /** Size of all files together when they were made. */
  made: size,
  /** An rsync with this entry of the history may have changed the mirror since. */
  openFor: z.string().optional(),
  /** An rsync that has no entry, because it reported no change, may have changed the mirror since. */
  isDoubtful: z.literal(true).optional(),
});

/** The state of the table. */
export type TableState = z.infer<typeof stateSchema>;

const stateFile = (top: string): string => join(top, attributeDirectory, 'state.json');

/** Reads the state; undefined when there is no table, or it is outdated. */
export const readState = (top: string): Promise<TableState | undefined> => readJsonInside(stateSchema, stateFile(top));

/** Where the files of a state are. */
export const tableFiles = (top: string, serial: number): AttributeFiles =>
  attributeFiles(join(top, attributeDirectory, String(serial).padStart(8, '0')));

/** Replaces the state, and removes files of other states. */
export async function writeState(top: string, state: TableState): Promise<void> {
  const directory = await ownDirectory(top, attributeDirectory);
  await replaceFile(stateFile(top), `${JSON.stringify(state)}\n`);
  const used = ['state.json', ...Object.values(tableFiles('', state.serial)).map((file) => file.slice(1))].map((file) =>
    file.slice(file.lastIndexOf('/') + 1),
  );
  for (const name of await readdir(directory))
    if (!used.includes(name)) await rm(join(directory, name), { force: true, recursive: true });
}

/** Call this before anything but a run changes the mirror. */
export async function forgetAttributes(top: string): Promise<void> {
  await rm(stateFile(top), { force: true });
}

/** The state of files that were just written. */
export async function settledState(top: string, serial: number, made?: number): Promise<TableState> {
  const bytes = { facl: 0, fattr: 0, links: 0 };
  for (const kind of attributeKinds) {
    const handle = await open(tableFiles(top, serial)[kind], 'r');
    try {
      bytes[kind] = (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  }
  return { version: 1, serial, bytes, made: made ?? bytes.facl + bytes.fattr + bytes.links };
}

/** Moves the files elsewhere, cut to the bytes that count. After an interruption, call it again. */
export async function moveTable(top: string, { serial, bytes }: TableState, to: AttributeFiles): Promise<void> {
  const from = tableFiles(top, serial);
  for (const kind of attributeKinds) {
    try {
      await truncate(from[kind], bytes[kind]);
      await rename(from[kind], to[kind]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
