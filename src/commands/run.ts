import { Command, InvalidArgumentError } from 'commander';
import { labelPattern } from '../records/drive-record.ts';
import { requestAndFollow } from '../client/request.ts';
import { createBarView, createLineView, type RunView } from '../client/run-view.ts';
import { closedDiskNow } from '../client/closed-disk.ts';
import { describeEnd, type ReleaseOf } from '../client/run-end.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { createRunLog } from '../records/run-log.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { Reply } from '../protocol/status.ts';
import { files } from '../system/paths.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { asExitCode } from './exit-code.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import type { JsonOutput } from './json-output.ts';

/** Asks the agent for a run, shows its progress and ends with its result. */
export function runCommand(context: CliContext): Command {
  return new Command('run')
    .description('back up to the plugged disk now, and wait for the result')
    .option('--drive <label>', 'the disk (default: every enrolled disk that is plugged in)', parseLabel)
    .option(
      '--scheduled',
      'do nothing if the last success is fresh (setting scheduled.freshFor) or the backups are paused',
    )
    .option('--json', 'show no progress; print the result as one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup run --drive BACKUP_1\n\nCtrl-C cancels the run and waits until the disk is closed.',
    )
    .action((options: RunOptions) => runNow(context, options));
}

interface RunOptions {
  readonly drive?: string;
  readonly scheduled?: boolean;
  readonly json?: boolean;
}

/** Asks the agent for a run, follows it and ends with its exit code. */
export async function runNow(context: CliContext, options: RunOptions): Promise<void> {
  const wish = { kind: 'run', drive: options.drive ?? null, scheduled: options.scheduled === true } as const;
  const view = options.json === true ? undefined : chooseView(context);
  const reply = await follow(context, wish, view);
  if (options.json === true) context.print(JSON.stringify(reply satisfies JsonOutput<'run'>));
  else await tellEnd(context, reply);
  context.exitWith(asExitCode(reply.exitCode));
}

/** Follows a run; the first Ctrl-C cancels it, the second one stops waiting. */
function follow(
  context: CliContext,
  wish: Parameters<typeof requestAndFollow>[1],
  view: RunView | undefined,
): Promise<Reply> {
  return untilInterrupted(async (cancel, leave) => {
    cancel.addEventListener(
      'abort',
      () => {
        view?.end();
        context.note('Cancelling; waiting until the disk is closed. Press Ctrl-C again to stop waiting.');
      },
      { once: true },
    );
    try {
      return await requestAndFollow(context.paths, wish, {
        cancel,
        leave,
        onNews: (reply, status) => {
          if (!cancel.aborted) view?.update(reply, status);
        },
      });
    } finally {
      view?.end();
    }
  });
}

function chooseView(context: CliContext): RunView {
  return process.stderr.isTTY
    ? createBarView(process.stderr)
    : createLineView((line) => {
        context.note(line);
      });
}

/** Good news goes to standard output, the rest to standard error. */
async function tellEnd(context: CliContext, reply: Reply): Promise<void> {
  const runs =
    reply.runIds.length === 0
      ? []
      : await createRunLog(files.runs(context.paths))
          .list()
          .catch(() => []); // then only the agent's answer is printed
  const ours = runs.filter(({ id }) => reply.runIds.includes(id));
  const { good, lines } = describeEnd(reply, runs, await measureReleases(context, ours));
  for (const line of lines) {
    if (good) context.print(line);
    else context.note(line);
  }
}

/** The state of each disk as it is now: the first one may have been closed hours ago. */
async function measureReleases({ paths }: CliContext, runs: readonly RunRecord[]): Promise<ReleaseOf> {
  const enrolled = await createDriveRegistry(files.drives(paths))
    .list()
    .catch(() => []);
  const words = new Map<string, string>();
  for (const { label, luksUuid } of enrolled.filter(({ label }) => runs.some(({ drive }) => drive === label)))
    words.set(label, (await closedDiskNow(paths, { label, luksUuid })).words);
  return (drive) => words.get(drive) ?? 'look at "extbackup status" before you unplug it';
}

function parseLabel(text: string): string {
  if (!labelPattern.test(text)) throw new InvalidArgumentError('This cannot be the label of a disk.');
  return text;
}
