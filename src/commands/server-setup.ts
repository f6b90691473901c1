import { Command } from 'commander';
import type { CliContext } from './cli-context.ts';

/** Prints the script that prepares the backup server. */
export function serverSetupCommand(context: CliContext): Command {
  return new Command('server-setup').action(() => {
    context.print('');
  });
}
