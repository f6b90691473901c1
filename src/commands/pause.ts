import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import ms from 'ms';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { readPause, removePause, writePause } from '../records/pause.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { clockTime } from '../text/clock-time.ts';
import type { JsonOutput } from './json-output.ts';
import { spanUpTo } from './parse-span.ts';

const usualMs = ms('2h');

/** No run starts automatically for a while, so that a person can look at a disk or restore files first. */
export function pauseCommand(context: CliContext): Command {
  return new Command('pause')
    .description('stop automatic runs for a while; a run in progress continues')
    .addOption(
      new Option('--for <time>', 'duration of the pause, at most 7d').argParser(spanUpTo('7d')).default(usualMs, '2h'),
    )
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup pause --for 30m\n\n`extbackup run` backs up during a pause, too.\n' +
        'To end the pause earlier: extbackup resume',
    )
    .action(async ({ for: forMs, json }: { for: number; json?: boolean }) => {
      requireRoot('pause the backups');
      await writePause(context.paths, forMs, process.env['SUDO_USER'] ?? userInfo().username);
      await nudgeAboutDrives(context.paths);
      const now = new Date();
      if (json === true) {
        const until = new Date(now.getTime() + forMs).toISOString();
        context.print(JSON.stringify({ version: 1, until } satisfies JsonOutput<'pause'>));
        return;
      }
      context.print(`Paused until ${clockTime(new Date(now.getTime() + forMs), now)}: no run starts by itself.`);
      context.print('To end it earlier: extbackup resume');
    });
}

/** Ends the pause. */
export function resumeCommand(context: CliContext): Command {
  return new Command('resume')
    .description('end a pause; disks that were plugged in meanwhile are backed up now')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  extbackup resume')
    .action(async ({ json }: { json?: boolean }) => {
      requireRoot('end a pause');
      const pause = await readPause(context.paths);
      await removePause(context.paths);
      await nudgeAboutDrives(context.paths);
      if (json === true)
        context.print(JSON.stringify({ version: 1, ended: pause !== undefined } satisfies JsonOutput<'resume'>));
      else context.print(pause ? 'The pause has ended.' : 'There was no pause.');
    });
}
