/** argv -> one command. The only place that turns an error into text and an exit code. */
import { Command, CommanderError } from 'commander';
import { commandGroups, commandList, type MakeCommand } from './commands/command-list.ts';
import type { CliContext } from './terminal/cli-context.ts';
import { pluginExit } from './monitoring/plugin-exit.ts';
import { wordSlowProgram } from './system/slow-program.ts';
import { exitCodes, ExtbackupError, messageOf, UsageError, type ExitCode } from './errors.ts';
import { startProgram } from './system/command.ts';
import { defaultPaths } from './system/paths.ts';
import { version } from './version.ts';

/** Commands that close disks or wipe keys, which must always work, and one that reads only settings. */
const worksWithNewerData = ['lock', 'release', 'umount', 'config'];

/** Runs one command line and returns the exit code. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const program = new Command('extbackup');
  let exitCode: ExitCode = exitCodes.done;
  const context: CliContext = {
    get paths() {
      return { ...defaultPaths, config: program.opts<{ config: string }>().config };
    },
    version,
    start: startProgram,
    loadConfig: async () => (await import('./config/load.ts')).loadConfig(context.paths.config),
    print: (text) => process.stdout.write(`${text}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    exitWith: (code) => {
      exitCode = code;
    },
  };
  program
    .description(
      'Offline backups to rotating, LUKS-encrypted USB disks: plug one in, wait for "safe to unplug", take it out.',
    )
    .version(version, '-V, --version')
    .option('--config <file>', 'settings file', defaultPaths.config)
    .addHelpText(
      'after',
      '\nExample, on a new station, with a disk plugged in:\n  extbackup setup\n\nAll commands and settings: man extbackup',
    )
    .hook('preAction', async (_, command) => {
      refuseEmpty(command);
      if (worksWithNewerData.includes(pathOf(command).split(' ')[1] ?? '')) return;
      await (await import('./records/data-format.ts')).requireKnownData(defaultPaths);
    })
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, ''));
      },
    });
  try {
    for (const load of wantedCommands(argv)) addGrouped(program, (await load())(context));
    for (const command of withChildren(program))
      command.exitOverride().configureOutput({
        outputError: (text, write) => {
          write(text.replace(/^error: /, ''));
        },
      });
    await program.parseAsync(namesNothing(program, argv) ? withoutHelp(argv) : withHelpLast(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    const code = report(error, argv, program);
    // A monitoring plugin that cannot check ends with "unknown": 2 would mean critical.
    return verbOf(argv) === 'check' && code !== exitCodes.done ? pluginExit.unknown : code;
  }
}

/**
 * An empty value comes from a script whose variable is not set: it must not mean "here", or any disk. Only a setting may
 * be empty.
 */
function refuseEmpty(command: Command): void {
  const empty = Object.entries(command.optsWithGlobals()).find(([, value]) => value === '');
  const option = command.options.find((one) => one.attributeName() === empty?.[0])?.long ?? '--config';
  const isArgument = command.args.includes('') && !pathOf(command).startsWith('extbackup config ');
  if (empty === undefined && !isArgument) return;
  throw new UsageError(
    `${empty === undefined ? 'An argument' : `The value of ${option}`} is empty.`,
    `Give it a value, or leave it out; see: ${pathOf(command)} --help`,
  );
}

/** Adds a command under its heading; commands that only units start are hidden. */
function addGrouped(program: Command, command: Command): void {
  const [heading] = Object.entries(commandGroups).find(([, verbs]) => verbs.includes(command.name())) ?? [];
  if (heading !== undefined) command.helpGroup(heading);
  program.addCommand(command, { hidden: heading === undefined });
}

/** `help drive prepare` is `drive prepare --help`. */
const withHelpLast = (argv: readonly string[]): string[] =>
  asksForHelp(argv) ? [...withoutHelp(argv), '--help'] : [...argv];

const asksForHelp = (argv: readonly string[]): boolean => verbOf(argv) === 'help';

const withoutHelp = (argv: readonly string[]): string[] =>
  argv.filter((word, index) => word !== 'help' || argv[index - 1] === '--config');

/** Whether help is wanted for a command that does not exist. Commander says so when that command is called. */
function namesNothing(program: Command, argv: readonly string[]): boolean {
  if (!asksForHelp(argv)) return false;
  let command = program;
  for (const word of withoutHelp(argv.slice(argv.indexOf('help')))) {
    if (word.startsWith('-') || command.commands.length === 0) return false;
    const child = command.commands.find((one) => one.name() === word);
    if (!child) return true;
    command = child;
  }
  return false;
}

/** The command named by the words before the first option. */
function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) {
    const child = command.commands.find((one) => one.name() === word);
    if (child) command = child;
    else if (command !== program) break;
  }
  return command;
}

/** For example `extbackup drive prepare`. */
const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

/** Loads only the command that is called; all commands for the overview and for an unknown name. */
function wantedCommands(argv: readonly string[]): (() => Promise<MakeCommand>)[] {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) return [];
  const load = commandList[verbOf(withHelpLast(argv)) ?? ''];
  return load ? [load] : Object.values(commandList);
}

/** The first word that is neither an option nor the value of `--config`. */
const verbOf = (argv: readonly string[]): string | undefined =>
  argv.find((word, index) => !word.startsWith('-') && argv[index - 1] !== '--config');

function* withChildren(command: Command): Generator<Command> {
  for (const child of command.commands) {
    yield child;
    yield* withChildren(child);
  }
}

/** Two lines on standard error: what happened, what to do. */
function report(thrown: unknown, argv: readonly string[], program: Command): ExitCode {
  const error = wordSlowProgram(thrown);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done;
    if (error.code === 'commander.help') return exitCodes.usage; // a word is missing; the help was printed
    const command = commandOf(program, argv);
    process.stderr.write(`See: ${pathOf(command)} --help\n\n${command.helpInformation()}`);
    return exitCodes.usage;
  }
  if (error instanceof ExtbackupError) {
    process.stderr.write(`${error.message}\n${error.todo}\n`);
    if (error.exitCode === exitCodes.notReleased && error.cause instanceof ExtbackupError) {
      process.stderr.write(`Before that: ${error.cause.message}\n`);
    }
    return error.exitCode;
  }
  process.stderr.write(
    `extbackup has a bug: ${messageOf(error)}\nPlease report it with the output of: extbackup doctor\n`,
  );
  if (process.env['EXTBACKUP_DEBUG'] !== undefined && error instanceof Error)
    process.stderr.write(`${error.stack ?? ''}\n`);
  return exitCodes.bug;
}
