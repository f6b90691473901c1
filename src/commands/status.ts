import { Command } from 'commander';
import { rotationSetting } from '../config/rotation-setting.ts';
import { coalesce } from '../system/coalesce.ts';
import { readStatus, type StatusSources } from '../client/read-status.ts';
import { renderStatus } from '../client/status-text.ts';
import type { Status } from '../protocol/status.ts';
import { statusFiles, watchRunDirectory } from '../client/follow-status.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';

/** Shows agent, key, disks and the present run. Works without an agent and without a configuration. */
export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('show the agent, the key, the disks and the present run')
    .option('--json', 'one JSON object; with --watch one line for each change')
    .option('--watch', 'update the display until Ctrl-C')
    .addHelpText('after', '\nExample:\n  extbackup status --watch')
    .action(async (options: { json?: boolean; watch?: boolean }) => {
      const sources: StatusSources = {
        paths: context.paths,
        runCommand: context.runCommand,
        rotation: await rotationSetting(() => context.loadConfig()),
      };
      const json = options.json === true;
      if (options.watch === true) await follow(context, sources, json);
      else context.print(render(await readStatus(sources), json));
    });
}

const render = (status: Status, json: boolean): string =>
  json ? JSON.stringify(status) : renderStatus(status, new Date());

/** Prints the state now and after each change. */
async function follow(context: CliContext, sources: StatusSources, json: boolean): Promise<void> {
  let shown = '';
  const show = async (): Promise<void> => {
    const status = await readStatus(sources);
    // The text shows ages, so it changes every minute; the JSON is printed when a fact changes.
    const content = json ? JSON.stringify({ ...status, updatedAt: '' }) : renderStatus(status, new Date());
    if (content === shown) return;
    shown = content;
    context.print(
      json
        ? JSON.stringify(status)
        : `${process.stdout.isTTY ? clearScreen : ''}${content}${process.stdout.isTTY ? '' : '\n'}`,
    );
  };
  await untilInterrupted(async (signal) => {
    await new Promise<void>((resolve, reject) => {
      const refresh = coalesce(show, reject);
      const watch = watchRunDirectory(context.paths, statusFiles(context.paths), refresh);
      refresh();
      signal.addEventListener(
        'abort',
        () => {
          watch.close().then(resolve, reject);
        },
        { once: true },
      );
    });
  });
}

const clearScreen = '\u001B[2J\u001B[H';
