import { Command } from 'commander';
import { NotReleasedError } from '../errors.ts';
import { lockStation } from './lock-station.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** Wipes the keys in RAM. */
export function lockCommand(context: CliContext): Command {
  return new Command('lock')
    .description('wipe the keys in RAM and close disks that are open and idle; refused during a run')
    .addHelpText('after', '\nExample:\n  extbackup lock')
    .action(async () => {
      const { wiped, strays, closed, left } = await lockStation({ start: context.start, paths: context.paths });
      if (strays.length > 0) {
        context.print(
          `Removed ${strays.join(', ')} from ${context.paths.ramfs}, which is not a ramfs: traces of them may be left on the disk.`,
        );
        context.print('Load the key again (extbackup unlock) and set a new password: extbackup key change');
      } else context.print(wiped.length === 0 ? 'There was no key in RAM.' : 'The keys are wiped.');
      for (const what of closed) context.print(`Closed ${what}.`);
      if (left.length > 0) throw new NotReleasedError(left);
    });
}
