import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../system/parse-json.ts';
import { BusyError } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { readDiskseq } from '../disk/block-devices.ts';
import { isOpen, mappingName } from '../disk/luks.ts';
import type { Paths } from '../system/paths.ts';
import { zonedTime } from '../text/local-time.ts';

const openedSchema = z.object({
  version: z.literal(1),
  label: z.string(),
  luksUuid: z.string(),
  /** Kernel name of the whole disk, for example sdb. */
  disk: z.string(),
  /** Names this attach; absent if the kernel has no such number. */
  diskseq: z.int().optional(),
  since: z.iso.datetime(),
  /** Login name of the person. */
  by: z.string(),
  writable: z.boolean(),
  /** The time of its automatic closing. */
  closesAt: z.iso.datetime().optional(),
});

/** A disk that a person has open. No run starts until it is closed. */
export type OpenedByPerson = z.infer<typeof openedSchema>;

const noteFile = (paths: Paths): string => join(paths.run, 'opened-by-person.json');

/** Notes that a person has opened a disk. */
export async function noteOpenedByPerson(paths: Paths, opened: OpenedByPerson): Promise<void> {
  await writeAtomically(noteFile(paths), `${JSON.stringify(opened)}\n`, false);
}

/** Removes the note. */
export async function forgetOpenedByPerson(paths: Paths): Promise<void> {
  await rm(noteFile(paths), { force: true });
}

/** The disk that a person has open now; a note about a closed disk is ignored. */
export async function readOpenedByPerson(paths: Paths): Promise<OpenedByPerson | undefined> {
  const opened = parse(await readIfThere(noteFile(paths)));
  return opened !== undefined && (await isOpen(mappingName(opened.label))) ? opened : undefined;
}

/** Whether the disk was pulled out since it was opened, even if it is plugged in again by now. */
export async function wasPulledOut(
  { disk, diskseq }: Pick<OpenedByPerson, 'disk' | 'diskseq'>,
  read: (disk: string) => Promise<number | undefined> = readDiskseq,
): Promise<boolean> {
  const now = await read(disk);
  return now === undefined || (diskseq !== undefined && now !== diskseq);
}

/** The reason why no run starts now, with the person to ask. */
export function openedByPersonRefusal(opened: OpenedByPerson): BusyError {
  return new BusyError(
    `${opened.by} has disk ${opened.label} open since ${zonedTime(opened.since)}.`,
    'Ask, then close it with: extbackup umount',
  );
}

const parse = (text: string | undefined): OpenedByPerson | undefined => parseJson(openedSchema, text);
