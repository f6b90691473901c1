import { Command } from 'commander';
import { cancellable } from '../terminal/cancellable.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { withUnrecorded } from '../records/unrecorded-runs.ts';
import {
  justBefore,
  noteRollback,
  noteUndone,
  planRollback,
  rollBack,
  type RollbackPlan,
} from '../restore/roll-back.ts';
import { withDisk, type OpenedDisk } from '../opening/with-disk.ts';
import { CancelledError, exitCodes, UsageError } from '../errors.ts';
import { listHistory } from '../history/history-entry.ts';
import type { UndoProgress } from '../history/undo-entry.ts';
import { askYes } from '../terminal/ask-question.ts';
import { count } from '../text/wording.ts';
import { createRunLog } from '../records/run-log.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { noteAction } from './note-action.ts';
import { parseTime } from './parse-time.ts';
import { zonedTime } from '../text/local-time.ts';
import type { JsonOutput } from './json-output.ts';

interface Options {
  readonly run?: string;
  readonly to?: Date;
  readonly list?: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Puts the mirror of a disk back to an earlier state. */
export function rollbackCommand(context: CliContext): Command {
  return new Command('rollback')
    .description('restore the mirror on a disk to an earlier state, from the history on that disk')
    .argument('<label>', 'the disk; it must be plugged in')
    .option(
      '--run <run>',
      'the state before this run (default: the state after the last complete run; if nothing changed since, the state before it)',
    )
    .option('--to <time>', 'the state at this time, for example 2026-11-20 or 2026-11-20T12:00:00Z', parseTime)
    .option('--list', 'only list the times in the history, in UTC as --to takes them and in local time')
    .option('--json', 'with --list: one JSON array of times')
    .option('--dry-run', 'only count the files that would change')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup rollback BACKUP_1 --dry-run\n  extbackup rollback BACKUP_1 --to 2026-11-20\n' +
        '\nOwners, rights, ACLs and extended attributes are restored, too. The undone changes are no longer on ' +
        'the disk afterwards.\nThe next run makes the mirror equal to the server again. Call an interrupted ' +
        'rollback again to finish it.',
    )
    .action(async (label: string, options: Options) => {
      requireRoot('work on disks');
      if (options.json === true && options.list !== true) throw new UsageError('--json needs --list.', 'Add: --list');
      await cancellable('The disk is closed. Finish it with the same command.', (signal) =>
        withDisk(
          context.start,
          context.paths,
          { label, writable: options.list !== true && options.dryRun !== true },
          signal,
          (disk) =>
            options.list === true
              ? list(context, disk, options.json === true)
              : rollback(context, disk, options, signal),
        ),
      );
      await nudgeAboutDrives(context.paths);
    });
}

async function list(context: CliContext, { top }: OpenedDisk, json: boolean): Promise<void> {
  const history = await listHistory(top);
  // At the time of an entry there was the state before the next one.
  const states = history.filter((_entry, index) => history[index - 1]?.isThinned !== true);
  const times = states.map(({ at }) => at.toISOString());
  if (json) context.print(JSON.stringify(times satisfies JsonOutput<'rollback --list'>));
  else for (const time of times) context.print(`${time}  ${zonedTime(time, 'second')}`);
}

async function rollback(context: CliContext, disk: OpenedDisk, options: Options, signal: AbortSignal): Promise<void> {
  const { record, top, mirror } = disk;
  const plan = await planRollback(
    top,
    record,
    options.run === undefined ? options.to : await beginOf(context, record.label, options.run),
    signal,
  );
  const runLog = createRunLog(files.runs(context.paths));
  const registry = withUnrecorded(
    createDriveRegistry(files.drives(context.paths)),
    files.unrecordedRuns(context.paths),
  );
  context.note(describe(record.label, plan));
  if (options.dryRun === true) return;
  if (plan === undefined) {
    await noteRollback(registry, record);
    await noteAction(context, { kind: 'rollback', drive: record.label, result: 'nothing had changed' });
    return;
  }
  if (options.yes !== true) {
    if (!process.stdin.isTTY) throw new UsageError('There is no terminal to ask for confirmation.', 'Add: --yes');
    if (!(await askYes('Go on?'))) throw new CancelledError('Cancelled.', 'Nothing was changed.');
  }
  await noteUndone(registry, top, record, plan, await runLog.list());
  const done: UndoProgress = { removed: 0, restored: 0, left: 0 };
  const ticker = setInterval(() => {
    context.note(`${count(done.removed, 'file')} removed, ${done.restored} restored`);
  }, 5_000);
  try {
    await rollBack(context.start, top, mirror, plan, done, signal);
  } finally {
    clearInterval(ticker);
  }
  await noteRollback(registry, record);
  const result = `as at ${zonedTime(plan.to)}: ${count(done.restored, 'file')} restored, ${count(done.removed, 'new file')} removed`;
  await noteAction(context, { kind: 'rollback', drive: record.label, result });
  context.print(
    `The copy on ${record.label} is as it was at ${zonedTime(plan.to, 'second')}: ` +
      `${count(done.restored, 'file')} restored, ${count(done.removed, 'new file')} removed${describeAttributes(done.attributes)}.`,
  );
  if (done.attributesLeft !== undefined) {
    context.note(`Owner, rights or attributes of ${count(done.attributesLeft, 'file')} could not be put back.`);
    context.exitWith(exitCodes.gaps);
  }
  if (done.left === 0) return;
  context.note(
    `${count(done.left, 'file')} could not be restored, because a directory has the same name. They are still in the history on the disk.`,
  );
  context.exitWith(exitCodes.gaps);
}

const describe = (label: string, plan: RollbackPlan | undefined): string =>
  plan === undefined ? `The held run has changed nothing on ${label}; the hold is removed.` : describePlan(label, plan);

const describePlan = (label: string, { to, files: { removed, restored, attributes } }: RollbackPlan): string =>
  `The copy on ${label} will be as it was at ${zonedTime(to, 'second')}: ${count(restored, 'file')} restored, ` +
  `${count(removed, 'newer file')} removed${describeAttributes(attributes)}.`;

const describeAttributes = (files: number | undefined): string =>
  files === undefined ? '' : `, owner, rights or attributes put back of ${count(files, 'file')}, with directories`;

/** The state just before a run: by number, because its clock may have been wrong. */
async function beginOf(context: CliContext, label: string, runId: string): Promise<Date | number> {
  const run = (await createRunLog(files.runs(context.paths)).list()).find(
    ({ id, drive }) => id === runId && drive === label,
  );
  if (!run) throw new UsageError(`The run log has no run ${runId} of disk ${label}.`, 'See: extbackup history --json');
  return run.historyNumber ?? new Date(justBefore(run.startedAt));
}
