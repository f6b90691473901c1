import { Command, InvalidArgumentError } from 'commander';
import { labelPattern, type DriveRecord } from '../records/drive-record.ts';
import { requestAndFollow } from '../client/request.ts';
import { createJsonView, createLineView, createLiveView, type RunView } from '../client/run-view.ts';
import { closedDiskNow } from '../client/closed-disk.ts';
import { exitCodes } from '../errors.ts';
import { describeEnd, type ReleaseOf } from '../client/run-end.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { createRunLog } from '../records/run-log.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { Reply } from '../protocol/status.ts';
import { files, type Paths } from '../system/paths.ts';
import { zonedTime } from '../text/local-time.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { asExitCode } from './exit-code.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { createPainter } from '../terminal/painter.ts';
import { terminalOf } from '../terminal/terminal-style.ts';
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
    .option('--watch', 'with --json: one JSON object a line for each change; the result is the last line')
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
  readonly watch?: boolean;
}

/** Asks the agent for a run, follows it and ends with its exit code. */
export async function runNow(context: CliContext, options: RunOptions): Promise<void> {
  const wish = { kind: 'run', drive: options.drive ?? null, scheduled: options.scheduled === true } as const;
  const reply = await follow(context, wish, chooseView(context, options));
  if (options.json === true) printResult(context, reply, options.watch === true);
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

function chooseView(context: CliContext, { json, watch }: RunOptions): RunView | undefined {
  if (json === true)
    return watch === true
      ? createJsonView((line) => {
          context.print(line);
        })
      : undefined;
  if (terminalOf(process.stderr).isLive)
    return createLiveView(createPainter(process.stderr), () => terminalOf(process.stderr));
  return createLineView((line) => {
    context.note(line);
  });
}

function printResult(context: CliContext, reply: Reply, isStream: boolean): void {
  const line: JsonOutput<'run --watch'> = { type: 'result', ...reply };
  context.print(JSON.stringify(isStream ? line : (reply satisfies JsonOutput<'run'>)));
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
  const left = reply.exitCode === exitCodes.cancelled ? await leftByCancelled(context, ours) : [];
  for (const line of [...lines, ...left]) {
    if (good) context.print(line);
    else context.note(line);
  }
}

/** What cancelled runs leave behind, from the records of now: a run may be cancelled after it was complete. */
async function leftByCancelled({ paths }: CliContext, runs: readonly RunRecord[]): Promise<string[]> {
  const enrolled = await listEnrolled(paths);
  return enrolled
    .filter(({ label }) => runs.some(({ drive, outcome }) => drive === label && outcome === 'cancelled'))
    .map(({ label, lastSuccess }) => {
      const last =
        lastSuccess === null
          ? 'There is no complete backup on it yet.'
          : `Its last complete backup is from ${zonedTime(lastSuccess)}.`;
      return `${label}: the copied files stay, and the next run continues there. ${last}`;
    });
}

const listEnrolled = (paths: Paths): Promise<readonly DriveRecord[]> =>
  createDriveRegistry(files.drives(paths))
    .list()
    .catch(() => []);

/** The state of each disk as it is now: the first one may have been closed hours ago. */
async function measureReleases({ paths }: CliContext, runs: readonly RunRecord[]): Promise<ReleaseOf> {
  const enrolled = await listEnrolled(paths);
  const words = new Map<string, string>();
  for (const { label, luksUuid } of enrolled.filter(({ label }) => runs.some(({ drive }) => drive === label)))
    words.set(label, (await closedDiskNow(paths, { label, luksUuid })).words);
  return (drive) => words.get(drive) ?? 'look at "extbackup status" before you unplug it';
}

function parseLabel(text: string): string {
  if (!labelPattern.test(text)) throw new InvalidArgumentError('This cannot be the label of a disk.');
  return text;
}
