import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readIfThere } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
import { parseJson } from '../system/parse-json.ts';
import { startUnit, stopUnits } from '../system/units.ts';
import { parkOutcomes, type ParkOutcome, type ParkTask } from './park.ts';

/** Longer than the unit itself may take: the start of Node.js alone can need 20 s on a small machine. */
const patienceMs = 65_000;

const answerSchema = z.object({ outcome: z.enum(parkOutcomes) });

/** Instances of the unit; a new agent stops those of a killed one. */
export const allParks = 'extbackup-park@*.service';

/**
 * Parks a disk through a unit of its own: it may write to the attributes of that USB device and nowhere else; the agent
 * may write to no device's attributes.
 * @param runDirectory the directory for task and answer
 * @param usb name of the USB device in sysfs
 * @returns `failed` when the unit did not do its work
 */
export async function parkByUnit(
  start: StartProgram,
  runDirectory: string,
  usb: string,
  task: ParkTask,
): Promise<ParkOutcome | 'failed'> {
  const directory = join(runDirectory, 'park', usb);
  const unit = `extbackup-park@${usb}.service`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    await writeFile(join(directory, 'task'), JSON.stringify(task), { mode: 0o600 });
    const started = await startUnit(start, unit, patienceMs);
    const answer = parseJson(answerSchema, await readIfThere(join(directory, 'answer')));
    if (started === 'done' && answer) return answer.outcome;
    void stopUnits(start, unit); // it may hang in the kernel: nobody waits for it
    return 'failed';
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** For `extbackup park`: the answer that the unit prints. */
export const answerOf = (outcome: ParkOutcome): string =>
  JSON.stringify({ outcome } satisfies z.infer<typeof answerSchema>);
