import { userInfo } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import ms from 'ms';
import { duration } from '../config/values.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { readPause, removePause, writePause } from '../records/pause.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { clockTime } from '../text/clock-time.ts';

const usualMs = ms('2h');
const longestMs = ms('7d');

/** No run starts automatically for a while, so that a person can look at a disk or restore files first. */
export function pauseCommand(context: CliContext): Command {
  return new Command('pause')
    .description('stop automatic runs for a while; a run in progress continues')
    .addOption(
      new Option('--for <time>', 'duration of the pause, at most 7d').argParser(parseSpan).default(usualMs, '2h'),
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
      context.print('Go on earlier: extbackup resume');
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

function parseSpan(text: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success || parsed.data <= 0 || parsed.data > longestMs)
    throw new InvalidArgumentError('It must be a time such as 30m or 2h, at most 7d.');
  return parsed.data;
}
