import { randomUUID } from 'node:crypto';
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
    .option('--heartbeat', 'also install /usr/local/sbin/extbackup-heartbeat, which the own backup of the server calls when it succeeded (setting attestation)')
    .addHelpText('after', '\nExample:\n  extbackup server-setup --directory /backups | ssh root@backup.example.org sh\n  extbackup server-setup --heartbeat > server-setup.sh')
    .action(async (options: { directory: string; user?: string; heartbeat?: boolean }) => {
      const config = await context.loadConfig();
      if (options.heartbeat === true && config.attestation === undefined) throw noAttestation();
      const publicKeys = [await readPublicKey(config.ssh.publicKey)];
      const next = await readIfThere(nextSshKey(config.ssh).publicKey);
      if (next !== undefined) publicKeys.push(next);
      const user = options.user ?? parseSource(config.source)?.user ?? 'extbackup';
      context.print(renderServerScript({ directory: options.directory, user, publicKeys, ...(options.heartbeat === true && config.attestation && { heartbeat: config.attestation }) }));
    });
}

/** With an id that nobody else has, to be copied. */
const noAttestation = (): UsageError => new UsageError(
  'The settings say nothing of a heartbeat, so nobody would look at it.',
  `Add to /etc/extbackup/config.yaml, with the same id at every station of this server: attestation: {id: ${randomUUID()}}`,
);

async function readPublicKey(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UsageError(`There is no ssh key yet: ${file} does not exist.`, 'Make one: extbackup setup', error);
  }
}
