import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { approveRun, findHeld } from '../records/approve-run.ts';
import { askLine } from '../terminal/ask-question.ts';
import { cancellable } from '../terminal/cancellable.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { withDisk } from '../opening/with-disk.ts';
import { UsageError } from '../errors.ts';
import { contentReport } from '../pipeline/content-alarm.ts';
import { heldReport } from '../guard/hold.ts';
import { readAgentStatus } from '../client/read-status.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { runNow } from './run.ts';

interface Options {
  readonly reason?: string;
  readonly show?: boolean;
  readonly later?: boolean;
}

/** Lets a held run go on. */
export function approveCommand(context: CliContext): Command {
  return new Command('approve')
    .description('let a held run continue')
    .argument('[run]', 'the run or the disk, if several are held')
    .option('--reason <text>', 'why the changes are right; stored with your name in the list of disks')
    .option('--show', 'only show the changes by directory; the disk must be plugged in')
    .option('--later', 'continue at the next plug-in, not now')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup approve BACKUP_1 --show\n  extbackup approve BACKUP_1 --reason "projects ' +
        'were moved to the new layout"\n\nA run is held if it would change or delete too much, or if the heartbeat of ' +
        'the server is missing or too old.\nThe approval covers the reported changes; a run that would do ' +
        'much more is held again.\nIf the changes are not right: extbackup rollback',
    )
    .action(async (wanted: string | undefined, options: Options) => {
      requireRoot('work on disks');
      const registry = createDriveRegistry(files.drives(context.paths));
      const record = findHeld(await registry.list(), wanted);
      if (options.show === true) {
        await show(context, record);
        return;
      }
      const isAsked = process.stdin.isTTY && process.stderr.isTTY;
      if (isAsked && isAlarming(record)) await askForLabel(record);
      const reason =
        options.reason?.trim() ?? (isAsked ? await askLine('Why are these changes right? (kept with your name)') : '');
      if (reason === '')
        throw new UsageError(
          'Give a reason.',
          `Add: --reason TEXT ; to see the changes: extbackup approve ${record.label} --show`,
        );
      await approveRun(registry, record.label, {
        by: process.env['SUDO_USER'] ?? userInfo().username,
        reason,
        at: new Date(),
      });
      await nudgeAboutDrives(context.paths);
      if (record.hold === undefined) {
        context.print(`Noted. The history of ${record.label} is pruned again as the settings say.`);
        return;
      }
      context.print(`Approved: ${record.hold.reason}`); // the reason may have changed since the operator read it
      if (options.later !== true && (await isWaiting(context, record.label)))
        await runNow(context, { drive: record.label });
      else
        context.print(
          `The run goes on when ${record.label} is next plugged in, or now with: extbackup run --drive ${record.label}`,
        );
    });
}

/** Whether there were signs of an attack: then the person must confirm once more. */
const isAlarming = ({ hold, suspicion }: DriveRecord): boolean => hold?.isAlarm === true || suspicion !== undefined;

/** @throws UsageError when something else is typed */
async function askForLabel({ label, hold }: DriveRecord): Promise<void> {
  process.stderr.write(`${hold?.reason ?? looksWrong}\n`);
  const typed = await askLine(`This may be an attack. To approve it all the same, type the label of the disk:`);
  if (typed !== label)
    throw new UsageError(
      `That is not the label of the disk: nothing was approved.`,
      `Look first: extbackup approve ${label} --show`,
    );
}

const looksWrong = 'The last run is complete, but files that it copied look wrong.';

/** Prints the reports that the run left on the disk: counts by directory, and signs of an attack. */
async function show(context: CliContext, record: DriveRecord): Promise<void> {
  context.print(record.hold?.reason ?? looksWrong);
  if (record.hold?.attestation !== undefined) return; // nothing was changed, so a report on the disk belongs to an older run
  const reports = [...(record.hold ? [heldReport] : []), ...(isAlarming(record) ? [contentReport] : [])];
  const texts = await cancellable('The disk is closed.', (signal) =>
    withDisk(context.runCommand, context.paths, { label: record.label }, signal, ({ top }) =>
      Promise.all(reports.map((report) => readSmallFile(join(top, report), 1024 * 1024))),
    ),
  );
  for (const [index, text] of texts.entries())
    context.print(
      text === undefined
        ? `The disk has no report ${reports[index] ?? ''}.`
        : `\n${withoutTitle(text)}\nThis is in ${reports[index] ?? ''} on the disk.`,
    );
}

/** A report without its first two lines, which were printed from the list of disks. */
const withoutTitle = (report: string): string =>
  report
    .split('\n')
    .slice(2)
    .join('\n')
    .replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '?')
    .trimEnd();

/** Whether the disk is plugged in and a running agent can start the run. */
async function isWaiting(context: CliContext, label: string): Promise<boolean> {
  const status = await readAgentStatus(context.paths);
  return status?.drives.some((drive) => drive.label === label && drive.present) === true && status.key === 'loaded';
}
