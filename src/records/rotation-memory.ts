import * as z from 'zod';
import { readJson } from '../system/read-json.ts';
import { writeAtomically } from '../system/atomic-file.ts';

const time = z.iso.datetime();

const schema = z.looseObject({
  version: z.literal(1),
  /** Times of the last warnings about overdue disks, by label. */
  told: z.record(z.string(), time),
  /** Time of the last warning that the whole rotation is overdue. */
  wholeTold: time.optional(),
  /** Time of the last known offline copy. */
  lastOffline: time.optional(),
  /** The same of each set, by name. */
  sets: z.record(z.string(), z.object({ wholeTold: time.optional(), lastOffline: time.optional() })).optional(),
});

/** The agent's memory of the rotation; it survives restarts. Times are ISO 8601 in UTC. */
export type RotationMemory = z.infer<typeof schema>;

/** A missing or damaged file counts as empty: the warning is sent once more. */
export async function readRotationMemory(file: string): Promise<RotationMemory> {
  return (await readJson(schema, file)) ?? { version: 1, told: {} };
}

/** The memory in one process. */
export interface RotationMemoryKeeper {
  read(): Promise<RotationMemory>;
  /** Never throws. */
  write(before: RotationMemory, after: RotationMemory): Promise<void>;
}

/**
 * The memory in a file. If that cannot be written, on a full disk for example, this process remembers by itself:
 * the operator is still warned, but not at every check.
 */
export function openRotationMemory(file: string, onError: (error: unknown) => void): RotationMemoryKeeper {
  let unwritten: RotationMemory | undefined;
  return {
    read: async () => unwritten ?? readRotationMemory(file),
    write: async (before, after) => {
      if (unwritten === undefined && JSON.stringify(before) === JSON.stringify(after)) return;
      try {
        await writeAtomically(file, `${JSON.stringify(after)}\n`, true);
        unwritten = undefined;
      } catch (error) {
        unwritten = after;
        onError(error);
      }
    },
  };
}
