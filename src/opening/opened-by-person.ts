import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BusyError } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { isOpen, mappingName } from '../disk/luks.ts';
import type { Paths } from '../system/paths.ts';

const openedSchema = z.object({
  version: z.literal(1),
  label: z.string(),
  luksUuid: z.string(),
  /** Kernel name of the whole disk, for example sdb. */
  disk: z.string(),
  since: z.iso.datetime(),
  /** Login name of the person. */
  by: z.string(),
  writable: z.boolean(),
  /** When it is to be closed by itself. */
  closesAt: z.iso.datetime().optional(),
});

/** A person has a disk open to look at it. While that is so, no run starts. */
export type OpenedByPerson = z.infer<typeof openedSchema>;

const noteFile = (paths: Paths): string => join(paths.run, 'look.json');

/** Notes that a person has opened a disk. */
export async function noteOpenedByPerson(paths: Paths, look: OpenedByPerson): Promise<void> {
  await writeAtomically(noteFile(paths), `${JSON.stringify(look)}\n`, false);
}

/** Strikes the note. */
export async function forgetOpenedByPerson(paths: Paths): Promise<void> {
  await rm(noteFile(paths), { force: true });
}

/** Who looks at which disk now; a note about a disk that is not open any more counts for nothing. */
export async function readOpenedByPerson(paths: Paths): Promise<OpenedByPerson | undefined> {
  const look = parse(await readIfThere(noteFile(paths)));
  return look !== undefined && (await isOpen(mappingName(look.label))) ? look : undefined;
}

/** Why no run starts now: says who to ask. */
export function openedByPersonRefusal(look: OpenedByPerson): BusyError {
  return new BusyError(
    `${look.by} has disk ${look.label} open since ${look.since.slice(0, 16).replace('T', ' ')} UTC to look at it.`,
    'Ask, then close it with: extbackup umount',
  );
}

function parse(text: string | undefined): OpenedByPerson | undefined {
  try {
    return text === undefined ? undefined : openedSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // torn, or of another version
  }
}
