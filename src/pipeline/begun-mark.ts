import { parseJson } from '../system/parse-json.ts';
import { markSchema, type BegunMark } from './begun-record.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';
import { zonedTime } from '../text/local-time.ts';

/**
 * File on the disk with the last run and its end. Used only for messages, and to decide whether to look for leftovers.
 */
export const begunPath = '.extbackup/begun.json';

/**
 * Notes on the opened disk that a run begins. An earlier run without an end is reported, unless the station has a
 * record of it: this may be another station, or one that lost its records.
 * @returns whether the earlier run was cut off
 */
export async function markBegun(job: Job, machine: Machine, story: Story): Promise<boolean> {
  const before = parseJson(markSchema, await machine.readInside(begunPath));
  const wasCutOff = before !== undefined && before.endedAt === undefined;
  // Before the mark is replaced: an agent that dies in between reports it twice rather than never.
  if (wasCutOff && (await job.onCutOff?.(before)) === true)
    story.tell('run:warned', { about: 'cut-off', ...cutOffUnknown(job, before) });
  await write(machine, { id: story.runId, startedAt: new Date().toISOString() });
  return wasCutOff;
}

/** Notes that the run has ended in order, with or without success. */
export async function markEnded(machine: Machine): Promise<void> {
  const begun = parseJson(markSchema, await machine.readInside(begunPath).catch(() => undefined));
  if (begun !== undefined) await write(machine, { ...begun, endedAt: new Date().toISOString() });
}

/** Ignores a disk that is full or gone: the station has its own record. */
async function write(machine: Machine, mark: BegunMark): Promise<void> {
  await machine.writeInside(begunPath, `${JSON.stringify({ version: 1, ...mark })}\n`).catch(() => undefined);
}

/** When it began, for messages. */
export const begunAt = (startedAt: string): string => zonedTime(startedAt);

const cutOffUnknown = ({ record }: Job, { startedAt }: BegunMark) => ({
  reason:
    `A run of ${record.label} that began at ${begunAt(startedAt)} was cut off (EXB_CUT_OFF), and this station has no ` +
    'record of it: it was a run of another station, or the record is lost.',
  todo: 'Nothing needs to be done if this run succeeds; it removes unfinished files of the other one.',
});
