import { mkdir, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import type { Paths } from '../system/paths.ts';
import { readJson } from '../system/read-json.ts';

const noteSchema = z.object({
  version: z.literal(1),
  mapping: z.string(),
  /** First word of the command, for example verify. */
  command: z.string(),
  /** Login name of the person. */
  by: z.string(),
  since: z.iso.datetime(),
});

/**
 * The command that has a disk open, for messages only: whether a disk is open is measured, and a note without a mapping
 * is ignored.
 */
export type OpenedNote = z.infer<typeof noteSchema>;

const directory = (paths: Paths): string => join(paths.run, 'open');
const fileOf = (paths: Paths, mapping: string): string => join(directory(paths), `${mapping}.json`);

/** Notes that this command is about to open a mapping. A failure to write the note does not stop the command. */
export async function noteOpened(paths: Paths, mapping: string, now = new Date()): Promise<void> {
  const [, , word = ''] = process.argv;
  const note: OpenedNote = {
    version: 1,
    mapping,
    command: /^[a-z][a-z-]{1,20}$/.test(word) ? word : 'a command',
    by: process.env['SUDO_USER'] ?? userInfo().username,
    since: now.toISOString(),
  };
  await mkdir(directory(paths), { recursive: true, mode: 0o700 })
    .then(() => writeAtomically(fileOf(paths, mapping), `${JSON.stringify(note)}\n`, false))
    .catch(() => undefined);
}

/** Removes the note. */
export async function forgetOpened(paths: Paths, mapping: string): Promise<void> {
  await rm(fileOf(paths, mapping), { force: true }).catch(() => undefined);
}

/** Makes the agent measure which disks are open; it logs the result in the journal. */
export async function tellOfOpening(paths: Paths): Promise<void> {
  await nudgeAboutDrives(paths).catch(() => undefined); // the agent also measures by itself
}

/** The note about a mapping, if any command left one. */
export async function readOpenedNote(paths: Paths, mapping: string): Promise<OpenedNote | undefined> {
  const note = await readJson(noteSchema, fileOf(paths, mapping));
  return note?.mapping === mapping ? note : undefined;
}
