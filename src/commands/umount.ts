import { Command } from 'commander';
import { asSentence, closedDiskNow } from '../client/closed-disk.ts';
import { cancelClosingTime } from '../opening/closing-time.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { goneWhileOpen } from '../opening/disk-gone.ts';
import { closeForPerson } from '../opening/open-for-person.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** Closes the disk that a person has opened. */
export function umountCommand(context: CliContext): Command {
  return new Command('umount')
    .description('close the disk that was opened with: extbackup mount')
    .argument('[label]', 'not needed: only one disk is open at a time')
    .option('--forgotten', 'used by the timer that closes a forgotten disk')
    .addHelpText('after', '\nExample:\n  extbackup umount')
    .action(async (_label: string | undefined, options: { forgotten?: boolean }) => {
      requireRoot('work on disks');
      const { paths } = context;
      const opened = await closeForPerson(context.start, paths);
      await cancelClosingTime(context.start);
      if (opened) {
        const why = options.forgotten === true ? ` automatically: ${opened.by} had it open since ${opened.since}` : '';
        if (opened.isGone) {
          await nudgeAboutDrives(paths);
          throw goneWhileOpen(opened.label, opened.writable);
        }
        const release = asSentence(await closedDiskNow(paths, opened));
        await nudgeAboutDrives(paths); // a run may have waited for this
        context.print(`Disk ${opened.label} is closed${why}. ${release}`);
      } else {
        context.print('No disk was open. To close the disk of a run: extbackup release');
      }
    });
}
