import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { parseSource } from '../config/schema.ts';
import { UsageError } from '../errors.ts';
import { nextSshKey } from '../keys/rotate-ssh-key.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { renderServerScript } from '../server/setup-script.ts';
import type { CliContext } from './cli-context.ts';

/** Prints the script that prepares the backup server. */
export function serverSetupCommand(context: CliContext): Command {
  return new Command('server-setup')
    .description('print a sh script that lets this station read one directory of the backup server')
    .option('--directory <dir>', 'the directory on the server', '/backups')
    .option('--user <name>', 'the user on the server that the station logs in as (default: that of the source)')
    .addHelpText('after', '\nExample:\n  extbackup server-setup --directory /backups | ssh root@backup.example.org sh')
    .action(async (options: { directory: string; user?: string }) => {
      const config = await context.loadConfig();
      const publicKeys = [await readPublicKey(config.ssh.publicKey)];
      const next = await readIfThere(nextSshKey(config.ssh).publicKey);
      if (next !== undefined) publicKeys.push(next);
      const user = options.user ?? parseSource(config.source)?.user ?? 'extbackup';
      context.print(renderServerScript({ directory: options.directory, user, publicKeys }));
    });
}

async function readPublicKey(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UsageError(`There is no ssh key yet: ${file} does not exist.`, 'Make one: extbackup setup', error);
  }
}
