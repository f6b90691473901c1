import { saltCopyState } from '../records/salt-copy.ts';
import type { ReadyStation } from '../setup/set-up-station.ts';
import { tryServers } from '../setup/try-server.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { runNow } from './run.ts';

/**
 * Makes the first backup and follows it to its end; it ends with the run's exit code. A server that does not let the
 * station in yet makes it wait.
 */
export async function firstRun(context: CliContext, { config, isIn }: ReadyStation, drive: string): Promise<void> {
  const tried = isIn ? [] : await tryServers({ paths: context.paths, start: context.start, config });
  const trouble = tried.find(({ verdict }) => verdict !== 'ok');
  if (trouble) {
    context.note(`The first backup has to wait: ${trouble.happened}`);
    context.note(`When the server lets this station read: extbackup run --drive ${drive}`);
  } else {
    context.note(`The first backup to ${drive}. Ctrl-C cancels it, and closes the disk.`);
    await runNow(context, { drive });
  }
  const isPrinted = (await saltCopyState(context.paths)) === 'confirmed';
  if (!isPrinted)
    context.note('Print the recovery sheet: extbackup recovery-sheet | lp && extbackup recovery-sheet --confirm');
}
