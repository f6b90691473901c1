import { Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../errors.ts';
import { lastEntries, renderPast } from '../client/past-runs-text.ts';
import { createActionLog } from '../records/action-log.ts';
import { createRunLog } from '../records/run-log.ts';
import { files } from '../system/paths.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { terminalOf } from '../terminal/terminal-style.ts';
import type { Style } from '../text/style.ts';
import type { JsonOutput } from './json-output.ts';

interface Options {
  readonly json?: boolean;
  readonly actions?: boolean;
  readonly drive?: string;
  readonly limit: number;
}

/** Shows past runs, and what people did, the newest last. */
export function historyCommand(context: CliContext): Command {
  return new Command('history')
    .description('show past runs, approvals, rollbacks, restores and drills, the newest last')
    .option('--json', 'one JSON array of runs; with --actions, of what people did')
    .option('--actions', 'only what people did: approvals, rollbacks, restores and drills')
    .option('--drive <label>', 'only the lines of this disk')
    .option('--limit <number>', 'number of lines to show', parseLimit, 20)
    .addHelpText(
      'after',
      '\nExamples:\n  extbackup history --drive BACKUP_1 --limit 5\n  extbackup history --actions --json',
    )
    .action(async ({ json, actions: onlyActions, drive, limit }: Options) => {
      const ofDisk = <T extends { readonly drive: string }>(all: readonly T[]): T[] =>
        all.filter((one) => drive === undefined || one.drive === drive);
      const runs = onlyActions === true ? [] : ofDisk(await read(createRunLog(files.runs(context.paths))));
      const actions = json === true && onlyActions !== true ? [] : ofDisk(await read(createActionLog(context.paths)));
      if (json === true)
        context.print(
          onlyActions === true
            ? JSON.stringify(actions.slice(-limit) satisfies JsonOutput<'history --actions'>)
            : JSON.stringify(runs.slice(-limit) satisfies JsonOutput<'history'>),
        );
      else if (runs.length + actions.length > 0)
        context.print(renderPast(lastEntries(runs, actions, limit), styleOf()));
      else context.print(onlyActions === true ? 'Nobody did anything yet.' : 'There were no runs yet.');
    });
}

/** A pipe gets the table without bars. */
function styleOf(): Style | undefined {
  const terminal = terminalOf(process.stdout);
  return terminal.isLive ? terminal : undefined;
}

function parseLimit(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return number;
}

async function read<T>(log: { list(): Promise<T[]> }): Promise<T[]> {
  try {
    return await log.list();
  } catch (error) {
    throw new UsageError(
      `The history cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      'Run it as root: sudo extbackup history',
      error,
    );
  }
}
