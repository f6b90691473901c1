import { rm } from 'node:fs/promises';
import * as z from 'zod';
import { readJson } from '../system/read-json.ts';
import { writeAtomically } from '../system/atomic-file.ts';

const begunRunSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  drive: z.string(),
  luksUuid: z.string(),
  /** DISKSEQ of the attach. */
  diskseq: z.int().optional(),
  trigger: z.string(),
  /** ISO 8601, UTC. */
  startedAt: z.iso.datetime(),
  /** The boot in which it began: a different one means a reboot or a power cut. */
  bootId: z.string(),
});

/** A run that has begun and not ended. An agent that finds one at its start knows that it was cut off. No file name. */
export type BegunRun = z.infer<typeof begunRunSchema>;

/** Records it, on the medium, before the disk is opened. */
export async function noteBegun(file: string, run: Omit<BegunRun, 'version'>): Promise<void> {
  await writeAtomically(file, `${JSON.stringify({ version: 1, ...run })}\n`, true);
}

/** Removes the record: the run has ended, and its end is recorded elsewhere. */
export async function forgetBegun(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** The run that was cut off; undefined if there is none, or no readable record. */
export const readBegun = (file: string): Promise<BegunRun | undefined> => readJson(begunRunSchema, file);
