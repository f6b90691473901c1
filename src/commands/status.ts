import { Command } from 'commander';
import { drillEvery } from '../config/drill-setting.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import { coalesce } from '../system/coalesce.ts';
import { readStatus, type StatusSources } from '../client/read-status.ts';
import { renderStatus } from '../client/status-text.ts';
import { liveStatus } from '../client/live-status.ts';
import { createSpeed } from '../client/speed.ts';
import { exitCodes, UsageError, type ExitCode } from '../errors.ts';
import { isThere } from '../system/is-there.ts';
import type { Status } from '../protocol/status.ts';
import { statusFiles, watchRunDirectory } from '../client/follow-status.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { untilInterrupted, type InterruptReason } from '../terminal/interrupt.ts';
import { createPainter, type Painter } from '../terminal/painter.ts';
import { terminalOf } from '../terminal/terminal-style.ts';

/** Shows agent, key, disks and the present run. Works without an agent and without a configuration. */
export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('show the agent, the key, the disks and the present run')
    .option('--json', 'one JSON object; with --watch one line for each change')
    .option(
      '--check',
      'end with 2 if the station is not set up or the agent does not run, and with 12 if the key is not loaded',
    )
    .option('--watch', 'update the display until Ctrl-C')
    .addHelpText(
      'after',
      '\nExamples:\n  extbackup status --watch\n  extbackup status --check >/dev/null || extbackup unlock',
    )
    .action(async (options: { json?: boolean; watch?: boolean; check?: boolean }) => {
      const sources: StatusSources = {
        paths: context.paths,
        start: context.start,
        rotation: await rotationSetting(() => context.loadConfig()),
        drillEvery: await drillEvery(() => context.loadConfig()),
      };
      const json = options.json === true;
      if (options.watch === true && options.check === true)
        throw new UsageError('--check looks once, and --watch does not end by itself.', 'Leave out one of them.');
      if (options.watch === true) {
        await follow(context, sources, json);
        return;
      }
      const status = await readStatus(sources);
      context.print(json ? JSON.stringify(status) : await textOf(context, status));
      if (options.check === true) context.exitWith(exitFor(status, await isThere(context.paths.config)));
    });
}

const notSetUp = 'This station is not set up yet. Begin with: extbackup setup';

/** Whether a disk that is plugged in now would be backed up. */
function exitFor({ agent, key }: Status, setUp: boolean): ExitCode {
  if (!setUp || agent !== 'running') return exitCodes.usage;
  return key === 'loaded' ? exitCodes.done : exitCodes.key;
}

/** Shows the state now and after each change, until Ctrl-C. */
async function follow(context: CliContext, sources: StatusSources, json: boolean): Promise<void> {
  const terminal = terminalOf(process.stdout);
  const painter = terminal.isLive && !json ? createPainter(process.stdout) : undefined;
  const show = painter ? showLive(painter, context, sources) : showLines(context, sources, json);
  const why = await untilInterrupted(async (signal) => {
    await new Promise<void>((resolve, reject) => {
      const refresh = coalesce(show, reject);
      const watch = watchRunDirectory(context.paths, statusFiles(context.paths), refresh);
      process.stdout.on('resize', refresh);
      refresh();
      signal.addEventListener(
        'abort',
        () => {
          process.stdout.off('resize', refresh);
          watch.close().then(resolve, reject);
        },
        { once: true },
      );
    });
    return signal.reason as InterruptReason;
  }).finally(() => painter?.erase());
  if (why !== 'signal') return;
  if (!json) context.note('Stopped watching. Nothing was changed; a run goes on.');
  context.exitWith(exitCodes.cancelled);
}

/** Prints each state below the former one. */
function showLines(context: CliContext, sources: StatusSources, json: boolean): () => Promise<void> {
  let shown = '';
  return async () => {
    const status = await readStatus(sources);
    // The text shows ages, so it changes every minute; the JSON is printed when a fact changes.
    const content = json ? JSON.stringify({ ...status, updatedAt: '' }) : await textOf(context, status);
    if (content === shown) return;
    shown = content;
    context.print(json ? JSON.stringify(status) : `${content}\n`);
  };
}

async function textOf({ paths }: CliContext, status: Status): Promise<string> {
  const text = renderStatus(status, new Date());
  return (await isThere(paths.config)) ? text : `${notSetUp}\n\n${text}`;
}

/** Draws each state in the place of the former one, with the run in several lines. */
function showLive(painter: Painter, { paths }: CliContext, sources: StatusSources): () => Promise<void> {
  const speed = createSpeed();
  return async () => {
    const status = await readStatus(sources);
    const now = new Date();
    const moment = { now, speed: status.run === null ? undefined : speed.see(status.run, now.getTime()) };
    const lines = liveStatus(status, moment, terminalOf(process.stdout));
    painter.draw((await isThere(paths.config)) ? lines : [notSetUp, '', ...lines]);
  };
}
