import * as z from 'zod';
import { readJson } from '../system/read-json.ts';
import { writeAtomically } from '../system/atomic-file.ts';

const entrySchema = z.object({
  diskseq: z.int(),
  luksUuid: z.string(),
  /**
   * `started`: a run began, and has no recorded end. `interrupted`: the agent was stopped in order; the run goes on.
   * `served`: this attach needs no run by itself any more. `duplicate`: it had a twin, and is not opened before it is
   * plugged in anew.
   */
  state: z.enum(['started', 'interrupted', 'served', 'ignored', 'duplicate']),
  tries: z.int().nonnegative(),
});
const memorySchema = z.object({ version: z.literal(1), bootId: z.string(), attaches: z.array(entrySchema) });

type Entry = z.infer<typeof entrySchema>;
export type AttachState = Entry['state'];

/** One attach of one volume. */
export interface AttachKey {
  readonly diskseq: number;
  readonly luksUuid: string;
}

/** A run that died with its agent is started again this many times at most. */
export const mostTries = 3;

/**
 * Remembers, across restarts of the agent, which attaches were served: one attach, one run. Lives in /run, so a
 * reboot, after which every disk is attached anew, forgets it.
 */
export interface AttachMemory {
  stateOf(key: AttachKey): AttachState | undefined;
  /** The number of runs of this attach that died since the last one that ended. */
  triesOf(key: AttachKey): number;
  note(key: AttachKey, state: AttachState): Promise<void>;
  /** Drops unplugged attaches. */
  keepOnly(present: readonly AttachKey[]): Promise<void>;
}

/** Never throws: an unreadable memory counts as empty, a failure to write goes to `onError` */
export async function openAttachMemory(
  file: string,
  bootId: string,
  onError: (error: unknown) => void,
): Promise<AttachMemory> {
  let entries = await readEntries(file, bootId);
  const same =
    (key: AttachKey) =>
    (entry: AttachKey): boolean =>
      entry.diskseq === key.diskseq && entry.luksUuid === key.luksUuid;
  const save = async (): Promise<void> => {
    try {
      await writeAtomically(file, JSON.stringify({ version: 1, bootId, attaches: entries }), false);
    } catch (error) {
      onError(error);
    }
  };
  return {
    stateOf: (key) => entries.find(same(key))?.state,
    triesOf: (key) => entries.find(same(key))?.tries ?? 0,
    note: async (key, state) => {
      const before = entries.find(same(key))?.tries ?? 0;
      // a run that ended does not count as a failed try
      const tries = state === 'started' ? before + 1 : state === 'served' || state === 'interrupted' ? 0 : before;
      entries = [
        ...entries.filter((entry) => !same(key)(entry)),
        { diskseq: key.diskseq, luksUuid: key.luksUuid, state, tries },
      ];
      await save();
    },
    keepOnly: async (present) => {
      const kept = entries.filter((entry) => present.some(same(entry)));
      if (kept.length === entries.length) return;
      entries = kept;
      await save();
    },
  };
}

async function readEntries(file: string, bootId: string): Promise<Entry[]> {
  const memory = await readJson(memorySchema, file);
  return memory?.bootId === bootId ? memory.attaches : []; // none yet, or torn: at worst a disk is backed up once more
}
