import { rm } from 'node:fs/promises';
import * as z from 'zod';
import { writeAtomically } from '../system/atomic-file.ts';
import { lockFile } from '../system/file-lock.ts';
import { readJson } from '../system/read-json.ts';
import { driveRecordSchema, type DriveRecord } from './drive-record.ts';
import type { DriveRegistry } from './drive-registry.ts';

/** A disk before and after its runs that could not be recorded. */
const endSchema = z.object({ before: driveRecordSchema, after: driveRecordSchema });
const schema = z.object({ version: z.literal(1), ends: z.array(endSchema) });
type End = z.infer<typeof endSchema>;

/** A missing or damaged file holds none. */
const readEnds = async (file: string): Promise<readonly End[]> =>
  (await readJson(schema, file).catch(() => undefined))?.ends ?? [];

/**
 * Keeps the end of a run in /run when the registry cannot be written: the next agent, and the commands, must not take
 * the disk for one whose run was never held, or never failed.
 */
export async function noteUnrecorded(file: string, before: DriveRecord, after: DriveRecord): Promise<void> {
  await changeEnds(file, (ends) => {
    const earlier = ends.find((end) => end.after.luksUuid === before.luksUuid);
    const others = ends.filter((end) => end !== earlier);
    return [...others, { before: earlier?.before ?? before, after }];
  });
}

/** Takes a lock: the agent may add an end while a command writes others down. Without a lock it changes the file, too. */
async function changeEnds(file: string, change: (ends: readonly End[]) => readonly End[]): Promise<void> {
  const lock = await lockFile(`${file}.lock`, 10_000).catch(() => undefined);
  try {
    const ends = change(await readEnds(file));
    if (ends.length === 0) await rm(file, { force: true });
    else await writeAtomically(file, `${JSON.stringify({ version: 1, ends })}\n`, false);
  } finally {
    await lock?.release();
  }
}

/**
 * The same registry, which also knows the ends of {@link noteUnrecorded}. The next successful change writes them down.
 * @param writesSoon each look at the list tries to write them down; for the agent
 */
export function withUnrecorded(registry: DriveRegistry, file: string, writesSoon = false): DriveRegistry {
  const update: DriveRegistry['update'] = async (change, how) => {
    const ends = await readEnds(file);
    const moved = await registry.update((drives) => change(merged(drives, ends)), how);
    // An end that was added meanwhile is not in the registry yet.
    if (ends.length > 0) await changeEnds(file, (now) => now.filter((end) => !ends.some((old) => isSame(old, end))));
    return moved;
  };
  return {
    ...registry,
    update,
    list: async () => {
      const ends = await readEnds(file);
      if (ends.length > 0 && writesSoon) await update((drives) => drives).catch(() => undefined); // still full, or read-only
      return merged(await registry.list(), ends);
    },
    read: async () => {
      const found = await registry.read();
      return { ...found, drives: merged(found.drives, await readEnds(file)) };
    },
  };
}

/** Applies what a run changed to the record of its disk, unless another run was recorded since. */
function merged(drives: readonly DriveRecord[], ends: readonly End[]): readonly DriveRecord[] {
  if (ends.length === 0) return drives;
  return drives.map((drive) => {
    const end = ends.find(({ before: { luksUuid, sealedId, lastRun } }) =>
      isSame([luksUuid, sealedId, lastRun], [drive.luksUuid, drive.sealedId, drive.lastRun]),
    );
    if (end === undefined) return drive;
    const names = Object.keys({ ...end.before, ...end.after }) as (keyof DriveRecord)[];
    const changed = names.filter((name) => !isSame(end.before[name], end.after[name]));
    const kept = Object.entries(drive).filter(([name]) => !changed.includes(name as keyof DriveRecord));
    return driveRecordSchema.parse({
      ...Object.fromEntries(kept),
      ...Object.fromEntries(changed.map((name) => [name, end.after[name]])),
    });
  });
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
