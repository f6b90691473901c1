import { rm } from 'node:fs/promises';
import * as z from 'zod';
import { writeAtomically } from '../system/atomic-file.ts';
import { readJson } from '../system/read-json.ts';
import { readOomKills } from '../system/memory-events.ts';
import { files, type Paths } from '../system/paths.ts';

const schema = z.object({ version: z.literal(1), oomKills: z.int().nonnegative() });

/**
 * Records, after the end of the agent and while its control group exists, whether the kernel killed
 * a process of it for lack of memory: the next agent starts with a new count. Never throws.
 */
export async function noteLastEnd(paths: Paths, oomKills?: number): Promise<void> {
  try {
    const count = oomKills ?? (await readOomKills()) ?? 0;
    await writeAtomically(files.lastEnd(paths), JSON.stringify({ version: 1, oomKills: count }), false);
  } catch {
    // the next agent then does not name memory as the cause
  }
}

/** Whether memory was short at the end of the last agent; removes the note. */
export async function takeOutOfMemory(paths: Paths): Promise<boolean> {
  const end = await readJson(schema, files.lastEnd(paths));
  try {
    await rm(files.lastEnd(paths), { force: true });
  } catch {
    return false; // the note stays, so a report now would be repeated after each start
  }
  return end !== undefined && end.oomKills > 0;
}
