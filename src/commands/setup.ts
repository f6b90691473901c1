import { Command, InvalidArgumentError, Option } from 'commander';
import { messageOf, UsageError } from '../errors.ts';
import { sshKeyTypes, type SshKeyType } from '../keys/ssh-key.ts';
import { channelFrom, checkCadence, portFrom, type ChannelAnswer } from '../setup/answers.ts';
import { checkLabel } from '../prepare/candidate.ts';
import { beforeSheet, sheetWish } from '../setup/hand-over-sheet.ts';
import { setUpStation, type SetupWishes } from '../setup/set-up-station.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { lastWords } from '../setup/next-steps.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { files } from '../system/paths.ts';
import { applyAnswers } from './answers-file.ts';
import { later, prepareFirstDisk } from './setup-disk.ts';
import { oldScripts, setupFindings } from './setup-findings.ts';
import { firstRun } from './setup-run.ts';
import { toBytes } from './to-bytes.ts';

interface SetupOptions {
  readonly adopt?: string | true;
  readonly source?: string;
  readonly port?: number;
  readonly hostKey?: string;
  readonly trustHostKey?: true;
  readonly replaceHostKey?: true;
  readonly passwordStdin?: true;
  readonly yes?: true;
  readonly keyType: SshKeyType;
  readonly scryptMemory?: number;
  /** false with --no-sheet. */
  readonly sheet?: string | false;
  readonly every?: string;
  readonly notify?: ChannelAnswer;
  readonly directory?: string;
  readonly disk?: string;
  readonly label?: string;
  readonly erase?: true;
  readonly firstRun: string;
  readonly answers?: string;
}

/** Makes or completes the set-up of a station, up to its first backup. */
export function setupCommand(context: CliContext): Command {
  return new Command('setup')
    .description(
      'guide to the first backup: settings, password, ssh key, server, first disk; asks for missing options; can be run again',
    )
    .option(
      '--source <user@host[:path]>',
      'the backup server, and optionally a path below the directory that it allows',
    )
    .option('--adopt [script]', 'take over a machine that was set up by hand (default: look in /usr/local/sbin)')
    .option('--port <number>', 'port of ssh on the server', toPort)
    .option(
      '--host-key <fingerprint>',
      'pin the host key of the server with this fingerprint (SHA256:…)',
      toFingerprint,
    )
    .option('--trust-host-key', 'pin the host keys that the server shows now, and print their fingerprints')
    .option(
      '--replace-host-key',
      'with --trust-host-key: replace a pinned host key, after a reinstallation of the server',
    )
    .option('--password-stdin', 'read the password from standard input instead of asking')
    .option('--yes', 'ask nothing; settings without an option keep their value or default')
    .option('--key-type <type>', `type of the new ssh key: ${sshKeyTypes.join(' or ')}`, toKeyType, 'ed25519')
    .option(
      '--scrypt-memory <size>',
      'memory for the key derivation, for example 64M (default: a quarter of the machine, at most 1G)',
      toBytes,
    )
    .option(
      '--sheet <file>',
      'write the recovery sheet, with the salt, to this file (mode 0600); "-" prints it (default: only to a terminal)',
    )
    .option('--no-sheet', 'do not print the recovery sheet; print it later with: extbackup recovery-sheet')
    .option(
      '--every <time>',
      'how long a disk may be without a backup, for example 10d or 5w (setting rotation.every)',
      toCadence,
    )
    .option(
      '--notify <channel>',
      'add a channel for notices and try it: "mail ADDRESS", "ntfy TOPIC" or "webhook URL"',
      toChannel,
    )
    .option('--directory <dir>', 'directory on the server that this station may read (default: /backups)')
    .option('--disk <device>', `the first backup disk, for example /dev/sdb; "${later}" leaves it out`)
    .option('--label <label>', 'label of that disk (default: the next of BACKUP_1, BACKUP_2, …)')
    .option('--erase', 'erase that disk without a question; a disk in use, or of this system, is still refused')
    .addOption(new Option('--first-run <when>', 'the first backup to that disk').choices(['now', later]).default('now'))
    .option('--answers <file>', 'YAML file with names and values of these options; the command line takes precedence')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup setup\n  extbackup setup --source extbackup@backup.example.org --trust-host-key --disk /dev/sdb\n\n' +
        'Without a terminal a disk is prepared only with --disk. Ctrl-C at any question leaves nothing half-done.',
    )
    .action((given: SetupOptions, command: Command) => setUp(context, given, command));
}

async function setUp(context: CliContext, given: SetupOptions, command: Command): Promise<void> {
  if (given.answers !== undefined) await applyAnswers(command, given.answers);
  const options = command.opts<SetupOptions>();
  if (options.hostKey !== undefined && options.trustHostKey === true) {
    throw new UsageError('--host-key and --trust-host-key exclude each other.', 'Give the fingerprint if you know it.');
  }
  if (options.label !== undefined) checkLabel(options.label, 'ext4'); // before anything is written
  const ask = options.yes !== true && process.stdin.isTTY;
  requireRoot('set up this station');
  if (ask) for (const line of await setupFindings(context, new Date())) context.note(line);
  const station = await setUpStation(context, wishesOf(options, ask));
  const isFollowedByRun = options.firstRun === 'now';
  const { disk, label, erase = false } = options;
  const fresh = await beforeSheet(context, station.config, sheetWish(options.sheet, process.stdout.isTTY), async () =>
    options.adopt !== undefined && disk === undefined
      ? undefined
      : prepareFirstDisk(context, { disk, label, erase, ask, isFollowedByRun }),
  );
  if (options.adopt !== undefined && disk === undefined) return;
  const enrolled = await createDriveRegistry(files.drives(context.paths)).list();
  for (const line of lastWords(enrolled.length > 0)) context.print(line);
  if (fresh !== undefined && isFollowedByRun) await firstRun(context, station, fresh);
}

function wishesOf(options: SetupOptions, ask: boolean): SetupWishes {
  return {
    adopt: options.adopt === true ? oldScripts : options.adopt,
    source: options.source,
    port: options.port,
    trust:
      options.trustHostKey === true
        ? 'all'
        : options.hostKey === undefined
          ? undefined
          : { fingerprint: options.hostKey },
    passwordFromStdin: options.passwordStdin === true,
    ask,
    replaceHostKey: options.replaceHostKey === true,
    keyType: options.keyType,
    scryptBytes: options.scryptMemory,
    every: options.every,
    notify: options.notify,
    directory: options.directory,
  };
}

/** A value that is wrong on the command line, in commander's way. */
function asArgument<T>(read: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return read(text);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}
const toPort = asArgument(portFrom);
const toCadence = asArgument(checkCadence);
const toChannel = asArgument(channelFrom);

function toFingerprint(text: string): string {
  if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(text))
    throw new InvalidArgumentError('It must look like SHA256: and 43 characters, as ssh-keygen -lf prints it.');
  return text;
}

function toKeyType(text: string): SshKeyType {
  const type = sshKeyTypes.find((known) => known === text);
  if (type === undefined) throw new InvalidArgumentError(`It must be ${sshKeyTypes.join(' or ')}.`);
  return type;
}
