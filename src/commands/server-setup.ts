import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { parseSource } from '../config/source-schema.ts';
import type { Config } from '../config/schema.ts';
import { sourcesOf, type PullSource } from '../config/sources.ts';
import { UsageError } from '../errors.ts';
import { nextSshKey } from '../keys/ssh-key.ts';
import { readText } from '../system/given-file.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { renderPlainScript } from '../setup/plain-script.ts';
import { renderServerScript } from '../setup/setup-script.ts';
import type { CliContext } from '../terminal/cli-context.ts';

interface Options {
  readonly directory: string;
  readonly user?: string;
  readonly source?: string;
  readonly heartbeat?: boolean;
  readonly heartbeatTimer?: boolean;
  readonly dryRun?: boolean;
  readonly remove?: boolean;
  readonly sharedUser?: boolean;
  readonly plain?: boolean;
}

/** Prints the script that prepares the backup server. */
export function serverSetupCommand(context: CliContext): Command {
  return new Command('server-setup')
    .description('print a sh script that lets this station read one directory of the backup server')
    .option('--directory <dir>', 'the directory on the server', '/backups')
    .option('--user <name>', 'login name of the station on the server (default: the user of the source)')
    .option('--source <name>', 'the source to make the script for, if several sources differ in user or heartbeat')
    .option(
      '--heartbeat',
      "also install /usr/local/sbin/extbackup-heartbeat, which the server's own backup calls on success (setting attestation)",
    )
    .option(
      '--heartbeat-timer',
      'also install a timer that calls it once a day if the directory has new files, for a backup that cannot call it',
    )
    .option(
      '--plain',
      'for a server without sudo and rrsync, such as a NAS: run the script as the account itself, which reads only what it may read',
    )
    .option('--dry-run', 'print a script that only reports what it would change')
    .option('--remove', 'print a script that removes everything again on the server')
    .option('--shared-user', 'accept an account that other people use: with ssh keys that have no forced command')
    .addHelpText(
      'after',
      '\nExample:\n' +
        '  extbackup server-setup --directory /backups | ssh root@backup.example.org sh\n' +
        '  extbackup server-setup --heartbeat > server-setup.sh\n' +
        '  extbackup server-setup --source photos --directory /photos | ssh root@nas.example.org sh\n' +
        '  extbackup server-setup --plain --directory /volume1/data | ssh backup@nas.example.org sh',
    )
    .action(async (options: Options) => {
      const config = await context.loadConfig();
      const timer = options.heartbeatTimer === true;
      const heartbeat = options.heartbeat === true || timer;
      const { source, attestation } = chooseSource(config, { ...options, heartbeat });
      if (heartbeat && attestation === undefined) throw noAttestation();
      const publicKeys = [await readPublicKey(config.ssh.publicKey)];
      const next = await readIfThere(nextSshKey(config.ssh).publicKey);
      if (next !== undefined) publicKeys.push(next);
      if (options.plain === true) {
        assertPlain(options);
        context.print(renderPlainScript({ directory: options.directory, publicKeys }));
        return;
      }
      const user = options.user ?? parseSource(source)?.user ?? 'extbackup';
      context.print(
        renderServerScript({
          directory: options.directory,
          user,
          publicKeys,
          remove: options.remove === true,
          dryRun: options.dryRun === true,
          sharedUser: options.sharedUser === true,
          ...(heartbeat && attestation && { heartbeat: { ...attestation, timer } }),
        }),
      );
    });
}

/** @throws UsageError for options of the other script */
function assertPlain({ user, heartbeat, heartbeatTimer, dryRun, remove, sharedUser }: Options): void {
  if ([user, heartbeat, heartbeatTimer, dryRun, remove, sharedUser].every((option) => option === undefined)) return;
  throw new UsageError(
    '--plain goes only with --directory and --source.',
    'It changes two files of one account, .ssh/authorized_keys and .ssh/extbackup-sender; to take it back, remove them there.',
  );
}

/** The named source. Without a name, all sources must need the same script. */
function chooseSource(
  config: Config,
  {
    source: wanted,
    user,
    heartbeat,
  }: { readonly source?: string; readonly user?: string; readonly heartbeat?: boolean },
): PullSource {
  const all = sourcesOf(config);
  const [first] = all;
  if (wanted === undefined) {
    const facts = ({ source, attestation }: PullSource): string =>
      `${user ?? parseSource(source)?.user ?? ''} ${heartbeat === true ? JSON.stringify(attestation) : ''}`;
    if (all.every((one) => facts(one) === facts(first))) return first;
    throw new UsageError(
      'The sources need different scripts.',
      `Choose one: --source NAME, with NAME one of ${namesOf(all)}`,
    );
  }
  const found = all.find(({ name }) => name === wanted);
  if (found === undefined)
    throw new UsageError(
      `The settings have no source ${wanted}.`,
      first.name === undefined ? 'They have only one; leave out --source.' : `They have: ${namesOf(all)}`,
    );
  return found;
}

const namesOf = (sources: readonly PullSource[]): string =>
  sources.flatMap(({ name }) => (name === undefined ? [] : [name])).join(', ');

/** The advice includes a new random id to copy. */
const noAttestation = (): UsageError =>
  new UsageError(
    'The settings have no attestation, so a heartbeat would not be checked.',
    `Add to /etc/extbackup/config.yaml, with the same id at every station of this server: attestation: {id: ${randomUUID()}}`,
  );

async function readPublicKey(file: string): Promise<string> {
  try {
    return await readText(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UsageError(`There is no ssh key yet: ${file} does not exist.`, 'Make one: extbackup setup', error);
  }
}
