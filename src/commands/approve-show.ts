import { join } from 'node:path';
import { heldReport, type Hold } from '../guard/hold.ts';
import { withDisk } from '../opening/with-disk.ts';
import { contentReport } from '../pipeline/content-alarm.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { cancellable } from '../terminal/cancellable.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import type { JsonOutput } from './json-output.ts';

/** Whether there were signs of an attack: then the person must confirm once more. */
export const isAlarming = ({ hold, suspicion }: DriveRecord): boolean =>
  hold?.isAlarm === true || suspicion !== undefined;

export const looksWrong = 'The last run is complete, but files that it copied look wrong.';

/** Shows why a run waits: its reason, and the reports that it left on the disk. */
export async function showHeld(context: CliContext, record: DriveRecord, json: boolean): Promise<void> {
  const reports = await readReports(context, record);
  if (json) {
    context.print(JSON.stringify(asJson(record, reports)));
    return;
  }
  context.print(record.hold?.reason ?? looksWrong);
  for (const { file, text } of reports)
    context.print(
      text === null ? `The disk has no report ${file}.` : `\n${withoutTitle(text)}\nThis is in ${file} on the disk.`,
    );
}

interface Report {
  /** Below the top of the disk. */
  readonly file: string;
  /** null if the disk has none. */
  readonly text: string | null;
}

/** Counts by directory, and signs of an attack. */
async function readReports(context: CliContext, record: DriveRecord): Promise<Report[]> {
  if (record.hold?.attestation !== undefined) return []; // nothing was changed, so a report on the disk belongs to an older run
  const wanted = [...(record.hold ? [heldReport] : []), ...(isAlarming(record) ? [contentReport] : [])];
  return cancellable('The disk is closed.', (signal) =>
    withDisk(context.start, context.paths, { label: record.label }, signal, ({ top }) =>
      Promise.all(
        wanted.map(async (file) => ({ file, text: (await readSmallFile(join(top, file), 1024 * 1024)) ?? null })),
      ),
    ),
  );
}

function asJson(record: DriveRecord, reports: readonly Report[]): JsonOutput<'approve --show'> {
  const { label, hold, suspicion } = record;
  return {
    version: 1,
    drive: label,
    runId: hold?.runId ?? suspicion?.runId ?? '',
    at: hold?.at ?? suspicion?.at ?? '',
    reason: hold?.reason ?? looksWrong,
    alarm: isAlarming(record),
    approved: hold?.approved != null,
    counts: hold === undefined ? null : allCounts(hold.counts),
    heartbeat: hold?.attestation ?? null,
    sources: Object.entries(hold?.sources ?? {}).map(([name, { reason }]) => ({ name, reason })),
    reports: reports.map(({ file, text }) => ({ file, text: text && withoutTitle(text) })),
  };
}

/** Older records have no counts of attributes and of deleted bytes. */
const allCounts = ({ attributes = 0, deletedBytes = 0, ...rest }: Hold['counts']) => ({
  ...rest,
  attributes,
  deletedBytes,
});

/** A report without its first two lines, which are printed from the list of disks. */
const withoutTitle = (report: string): string =>
  report
    .split('\n')
    .slice(2)
    .join('\n')
    .replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '?')
    .trimEnd();
