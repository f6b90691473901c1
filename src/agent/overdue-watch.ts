import { z } from 'zod';
import type { Bus } from '../bus/bus.ts';
import type { DriveRecord } from '../drives/drive-record.ts';
import { isOverdue } from '../report/rotation.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';

/** What looking for overdue disks needs. */
export interface OverdueParts {
  readonly bus: Bus;
  /** Remembers, by label, when the operator was last told; survives a restart. */
  readonly file: string;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  /** How long a disk may stay away, in milliseconds. */
  readonly rotationEvery: () => Promise<number>;
  readonly now: () => Date;
}

/** The operator hears of a disk that stays overdue once a week, not at every look. */
export const tellAgainAfterMs = 7 * 24 * 3_600_000;

const schema = z.record(z.string(), z.iso.datetime());

/** Looks once which disks are overdue, and emits `rotation:overdue` for those of which the operator does not know. */
export async function lookForOverdue({ bus, file, drives, rotationEvery, now }: OverdueParts): Promise<void> {
  const time = now();
  const every = await rotationEvery();
  const told = await readTold(file);
  const overdue = (await drives()).filter((record) => isOverdue(record, every, time));
  const due = overdue.filter(({ label }) => time.getTime() - Date.parse(told[label] ?? '1970-01-01') >= tellAgainAfterMs);
  const kept = Object.fromEntries(overdue.map(({ label }) => [label, due.some((other) => other.label === label) ? time.toISOString() : (told[label] ?? time.toISOString())]));
  // First remembered, then told: a full disk must not lead to a message every hour. It is told in any case.
  if (JSON.stringify(kept) !== JSON.stringify(told)) await writeAtomically(file, `${JSON.stringify(kept)}\n`, true);
  for (const { label, lastSuccess } of due) bus.emit('rotation:overdue', { drive: label, lastSuccess });
}

/** A damaged file means that the operator is told once more. */
async function readTold(file: string): Promise<Record<string, string>> {
  try {
    return schema.parse(JSON.parse((await readIfThere(file)) ?? '{}'));
  } catch {
    return {};
  }
}
