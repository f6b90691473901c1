import { z } from 'zod';
import { readJson } from '../system/read-json.ts';
import { writeAtomically } from '../system/atomic-file.ts';

const time = z.iso.datetime();

const schema = z.looseObject({
  version: z.literal(1),
  /** When the operator was last told of an overdue disk, by label. */
  told: z.record(z.string(), time),
  /** When the operator was last told that the whole rotation is overdue. */
  wholeTold: time.optional(),
  /** When the last known offline copy was made. */
  lastOffline: time.optional(),
});

/** What the agent remembers of the rotation across restarts. Times are ISO 8601 in UTC. */
export type RotationMemory = z.infer<typeof schema>;

/** A file that is missing or damaged counts as empty: the operator is told once more. */
export async function readRotationMemory(file: string): Promise<RotationMemory> {
  return (await readJson(schema, file)) ?? { version: 1, told: {} };
}

/** The memory, as one process keeps it. */
export interface RotationMemoryKeeper {
  read(): Promise<RotationMemory>;
  /** Never throws. */
  write(before: RotationMemory, after: RotationMemory): Promise<void>;
}

/**
 * The memory in a file. While that cannot be written, on a full disk for example, this process remembers by itself:
 * the operator is told all the same, and not at every look.
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
