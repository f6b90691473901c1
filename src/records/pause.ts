/** A pause: until it ends, no run starts by itself. A reboot ends it. */
import { rm } from 'node:fs/promises';
import { uptime } from 'node:os';
import * as z from 'zod';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { parseJson } from '../system/parse-json.ts';
import { files, type Paths } from '../system/paths.ts';

/** The present pause. */
export interface Pause {
  /** Milliseconds until it ends by itself. */
  readonly leftMs: number;
  /** The person who began it. */
  readonly by: string;
}

/** Seconds since boot, so a jump of the clock neither ends nor extends it. */
const pauseSchema = z.object({ version: z.literal(1), untilUptime: z.number(), by: z.string() });

/** The present pause; undefined when there is none, or it has ended. */
export async function readPause(paths: Paths): Promise<Pause | undefined> {
  const written = parseJson(pauseSchema, (await readIfThere(files.pause(paths))) ?? '');
  const leftMs = written === undefined ? 0 : Math.round((written.untilUptime - uptime()) * 1000);
  return written && leftMs > 0 ? { leftMs, by: written.by } : undefined;
}

/** The same for the status: its end as ISO 8601 in UTC. */
export async function describePause(paths: Paths, now: Date): Promise<{ until: string; by: string } | null> {
  const pause = await readPause(paths);
  return pause ? { until: new Date(now.getTime() + pause.leftMs).toISOString(), by: pause.by } : null;
}

/** Begins a pause, or gives the present one another end. */
export async function writePause(paths: Paths, forMs: number, by: string): Promise<void> {
  const pause = { version: 1, untilUptime: uptime() + forMs / 1000, by };
  await writeAtomically(files.pause(paths), `${JSON.stringify(pause)}\n`, false);
}

/** Ends the pause. */
export async function removePause(paths: Paths): Promise<void> {
  await rm(files.pause(paths), { force: true });
}
