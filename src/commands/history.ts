import { Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../errors.ts';
import { renderPastRuns } from '../client/past-runs-text.ts';
import { createRunLog } from '../records/run-log.ts';
import type { RunRecord } from '../records/run-record.ts';
import { files } from '../system/paths.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import type { JsonOutput } from './json-output.ts';

/** Shows past runs, the newest last. */
export function historyCommand(context: CliContext): Command {
  return new Command('history')
    .description('show past runs, the newest last')
    .option('--json', 'one JSON array')
    .option('--drive <label>', 'only the runs of this disk')
    .option('--limit <number>', 'number of runs to show', parseLimit, 20)
    .addHelpText('after', '\nExample:\n  extbackup history --drive BACKUP_1 --limit 5')
    .action(async (options: { json?: boolean; drive?: string; limit: number }) => {
      const { drive, limit } = options;
      const runs = (await readRuns(context)).filter((run) => drive === undefined || run.drive === drive).slice(-limit);
      if (options.json === true) context.print(JSON.stringify(runs satisfies JsonOutput<'history'>));
      else context.print(runs.length === 0 ? 'There were no runs yet.' : renderPastRuns(runs));
    });
}

function parseLimit(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return number;
}

async function readRuns(context: CliContext): Promise<RunRecord[]> {
  try {
    return await createRunLog(files.runs(context.paths)).list();
  } catch (error) {
    throw new UsageError(
      `The past runs cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      'Run it as root: sudo extbackup history',
      error,
    );
  }
}
