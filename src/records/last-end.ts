import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { writeAtomically } from '../system/atomic-file.ts';
import { readJson } from '../system/read-json.ts';
import { readOomKills } from '../system/memory-events.ts';
import { files, type Paths } from '../system/paths.ts';

const schema = z.object({ version: z.literal(1), oomKills: z.int().nonnegative() });

/**
 * Writes down, after the agent has ended and while its control group is still there, whether the kernel ended
 * something of it for want of memory: the next agent starts with a new count. Never throws.
 */
export async function noteLastEnd(paths: Paths, oomKills?: number): Promise<void> {
  try {
    const count = oomKills ?? (await readOomKills()) ?? 0;
    await writeAtomically(files.lastEnd(paths), JSON.stringify({ version: 1, oomKills: count }), false);
  } catch {
    // then nothing is known of it
  }
}

/** Whether memory was short when the last agent ended; forgets it. */
export async function takeOutOfMemory(paths: Paths): Promise<boolean> {
  const end = await readJson(schema, files.lastEnd(paths));
  try {
    await rm(files.lastEnd(paths), { force: true });
  } catch {
    return false; // the note stays, so telling it now would repeat it after each start
  }
  return end !== undefined && end.oomKills > 0;
}
