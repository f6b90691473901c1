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
    .action((_label: string | undefined, options: { forgotten?: boolean }) => umount(context, options));
}

/**
 * Closes the disk, and says whether it may be unplugged.
 * @param close for tests
 * @throws PullError when it was pulled out while it was open
 */
export async function umount(
  context: CliContext,
  options: { readonly forgotten?: boolean },
  close: typeof closeForPerson = closeForPerson,
): Promise<void> {
  requireRoot('work on disks');
  const { paths } = context;
  const opened = await close(context.start, paths);
  await cancelClosingTime(context.start);
  if (!opened) {
    context.print('No disk was open. To close the disk of a run: extbackup release');
    return;
  }
  const { label, by, since, isGone, writable } = opened;
  const release = asSentence(await closedDiskNow(paths, opened));
  await nudgeAboutDrives(paths); // a run may have waited for this
  if (isGone) throw goneWhileOpen(label, writable);
  const why = options.forgotten === true ? ` automatically: ${by} had it open since ${since}` : '';
  context.print(`Disk ${label} is closed${why}. ${release}`);
}
