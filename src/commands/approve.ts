import { Command } from 'commander';
import { approveRun, findHeld } from '../records/approve-run.ts';
import { askLine } from '../terminal/ask-question.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { withUnrecorded } from '../records/unrecorded-runs.ts';
import { UsageError } from '../errors.ts';
import { readAgentStatus } from '../client/read-status.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { isAlarming, looksWrong, showHeld } from './approve-show.ts';
import { noteAction, whoTyped } from './note-action.ts';
import { runNow } from './run.ts';

interface Options {
  readonly reason?: string;
  readonly show?: boolean;
  readonly later?: boolean;
  readonly json?: boolean;
}

/** Lets a held run go on. */
export function approveCommand(context: CliContext): Command {
  return new Command('approve')
    .description('let a held run continue')
    .argument('[run]', 'the run or the disk, if several are held')
    .option('--reason <text>', 'why the changes are right; stored with your name in the list of disks')
    .option('--show', 'only show the changes by directory; the disk must be plugged in')
    .option('--json', 'with --show: one JSON object')
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
      const registry = withUnrecorded(
        createDriveRegistry(files.drives(context.paths)),
        files.unrecordedRuns(context.paths),
      );
      const record = findHeld(await registry.list(), wanted);
      if (options.json === true && options.show !== true) throw new UsageError('--json needs --show.', 'Add: --show');
      if (options.show === true) {
        await showHeld(context, record, options.json === true);
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
        by: whoTyped(),
        reason,
        at: new Date(),
      });
      await noteAction(context, { kind: 'approval', drive: record.label, result: reason });
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

/** @throws UsageError when something else is typed */
async function askForLabel({ label, hold }: DriveRecord): Promise<void> {
  process.stderr.write(`${hold?.reason ?? looksWrong}\n`);
  const typed = await askLine(`This may be an attack. To approve it anyway, type the label of the disk:`);
  if (typed !== label)
    throw new UsageError(
      `That is not the label of the disk: nothing was approved.`,
      `Look first: extbackup approve ${label} --show`,
    );
}

/** Whether the disk is plugged in and a running agent can start the run. */
async function isWaiting(context: CliContext, label: string): Promise<boolean> {
  const status = await readAgentStatus(context.paths);
  return status?.drives.some((drive) => drive.label === label && drive.present) === true && status.key === 'loaded';
}
