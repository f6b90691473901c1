import { parseJson } from '../system/parse-json.ts';
import { markSchema, type BegunMark } from './begun-record.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';
import { zonedTime } from '../text/local-time.ts';

/** File on the disk that says which run began last, and that it ended. Decides nothing but words, and a look for rests. */
export const begunPath = '.extbackup/begun.json';

/**
 * Notes on the opened disk that a run begins. One before it that never ended is told, unless the station knows how that
 * went: the station may be another one, or have lost its records.
 * @returns whether the run before was cut off
 */
export async function markBegun(job: Job, machine: Machine, story: Story): Promise<boolean> {
  const before = parseJson(markSchema, await machine.readInside(begunPath));
  const wasCutOff = before !== undefined && before.endedAt === undefined;
  // Before it is written over: an agent that dies in between tells it again rather than never.
  if (wasCutOff && (await job.onCutOff?.(before)) === true) story.tell('run:warned', cutOffUnknown(job, before));
  await write(machine, { id: story.runId, startedAt: new Date().toISOString() });
  return wasCutOff;
}

/** Notes that the run has ended in order, well or not. */
export async function markEnded(machine: Machine): Promise<void> {
  const begun = parseJson(markSchema, await machine.readInside(begunPath).catch(() => undefined));
  if (begun !== undefined) await write(machine, { ...begun, endedAt: new Date().toISOString() });
}

/** A disk that is full or gone cannot take it; the station has its own. */
async function write(machine: Machine, mark: BegunMark): Promise<void> {
  await machine.writeInside(begunPath, `${JSON.stringify({ version: 1, ...mark })}\n`).catch(() => undefined);
}

/** When it began, for messages. */
export const begunAt = (startedAt: string): string => zonedTime(startedAt);

const cutOffUnknown = ({ record }: Job, { startedAt }: BegunMark) => ({
  reason:
    `A run of ${record.label} that began at ${begunAt(startedAt)} was cut off (EXB_CUT_OFF), and this station has no ` +
    "record of it: it was another station's, or the record is lost.",
  todo: 'Nothing needs to be done if this run ends well; what the other one left unfinished is removed.',
});
