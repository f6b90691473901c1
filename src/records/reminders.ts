import * as z from 'zod';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { parseJson } from '../system/parse-json.ts';

const schema = z.looseObject({
  version: z.literal(1),
  /** By subject: the times of its first occurrence and of the last reminder; ISO 8601 in UTC. */
  seen: z.record(z.string(), z.looseObject({ since: z.iso.datetime(), told: z.iso.datetime().optional() })),
});

/** Reminders about the station itself; they survive restarts of the agent. */
export type Reminders = z.infer<typeof schema>;

/** A missing or damaged file counts as empty: the reminder is sent once more. */
export async function readReminders(file: string): Promise<Reminders> {
  return parseJson(schema, await readIfThere(file).catch(() => undefined)) ?? { version: 1, seen: {} };
}

/** Written only when something changed. */
export async function writeReminders(file: string, before: Reminders, after: Reminders): Promise<void> {
  if (JSON.stringify(before) !== JSON.stringify(after)) await writeAtomically(file, `${JSON.stringify(after)}\n`, true);
}
