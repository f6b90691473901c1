import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import ms from 'ms';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { readPause, removePause, writePause } from '../records/pause.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { clockTime } from '../text/clock-time.ts';
import { spanUpTo } from './parse-span.ts';

const usualMs = ms('2h');

/** No run starts automatically for a while, so that a person can look at a disk or restore files first. */
export function pauseCommand(context: CliContext): Command {
  return new Command('pause')
    .description('stop automatic runs for a while; a run in progress continues')
    .addOption(
      new Option('--for <time>', 'duration of the pause, at most 7d').argParser(spanUpTo('7d')).default(usualMs, '2h'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  extbackup pause --for 30m\n\n`extbackup run` backs up during a pause, too.\n' +
        'To end the pause earlier: extbackup resume',
    )
    .action(async ({ for: forMs }: { for: number }) => {
      requireRoot('pause the backups');
      await writePause(context.paths, forMs, process.env['SUDO_USER'] ?? userInfo().username);
      await nudgeAboutDrives(context.paths);
      const now = new Date();
      context.print(`Paused until ${clockTime(new Date(now.getTime() + forMs), now)}: no run starts by itself.`);
      context.print('To end it earlier: extbackup resume');
    });
}

/** Ends the pause. */
export function resumeCommand(context: CliContext): Command {
  return new Command('resume')
    .description('end a pause; disks that were plugged in meanwhile are backed up now')
    .addHelpText('after', '\nExample:\n  extbackup resume')
    .action(async () => {
      requireRoot('end a pause');
      const pause = await readPause(context.paths);
      await removePause(context.paths);
      await nudgeAboutDrives(context.paths);
      context.print(pause ? 'The pause has ended.' : 'There was no pause.');
    });
}
