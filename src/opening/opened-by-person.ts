import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BusyError } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { isOpen, mappingName } from '../disk/luks.ts';
import type { Paths } from '../system/paths.ts';

const lookSchema = z.object({
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
export type Look = z.infer<typeof lookSchema>;

const lookFile = (paths: Paths): string => join(paths.run, 'look.json');

/** Notes that a person has opened a disk. */
export async function noteLook(paths: Paths, look: Look): Promise<void> {
  await writeAtomically(lookFile(paths), `${JSON.stringify(look)}\n`, false);
}

/** Strikes the note. */
export async function forgetLook(paths: Paths): Promise<void> {
  await rm(lookFile(paths), { force: true });
}

/** Who looks at which disk now; a note about a disk that is not open any more counts for nothing. */
export async function readLook(paths: Paths): Promise<Look | undefined> {
  const look = parse(await readIfThere(lookFile(paths)));
  return look !== undefined && (await isOpen(mappingName(look.label))) ? look : undefined;
}

/** Why no run starts now: says who to ask. */
export function lookRefusal(look: Look): BusyError {
  return new BusyError(
    `${look.by} has disk ${look.label} open since ${look.since.slice(0, 16).replace('T', ' ')} UTC to look at it.`,
    'Ask, then close it with: extbackup umount',
  );
}

function parse(text: string | undefined): Look | undefined {
  try {
    return text === undefined ? undefined : lookSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // torn, or of another version
  }
}
