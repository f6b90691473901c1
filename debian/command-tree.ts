import type { Command } from 'commander';
import type { CliContext } from '../src/terminal/cli-context.ts';
import { commandList } from '../src/commands/command-list.ts';
import { defaultPaths } from '../src/system/paths.ts';

/** One command, for the man page and the completion. */
export interface Verb {
  /** Words on the command line, for example `drive prepare`. */
  readonly name: string;
  readonly description: string;
  /** As in the usage line: `<device>`, `[label]`. */
  readonly operands: readonly string[];
  readonly options: readonly VerbOption[];
  /** Names of the verbs below this one. */
  readonly children: readonly string[];
  /** What --help prints. */
  readonly help: string;
}

/** One option of a verb. */
export interface VerbOption {
  /** With both dashes. */
  readonly name: string;
  /** Placeholder of its value, without the angle brackets; undefined for a switch. */
  readonly value: string | undefined;
  readonly description: string;
  readonly choices: readonly string[];
}

/** All commands of the program, in the order of `--help`; a command comes before its subcommands. */
export async function readVerbs(): Promise<Verb[]> {
  const makers = await Promise.all(Object.values(commandList).map((load) => load()));
  return makers.flatMap((make) => verbsOf(make(idle), ''));
}

/** For descriptions only; runs nothing. */
const idle: CliContext = {
  paths: defaultPaths,
  version: '',
  start: () => Promise.reject(new Error('nothing is done here')),
  loadConfig: () => Promise.reject(new Error('nothing is done here')),
  print: () => undefined,
  note: () => undefined,
  exitWith: () => undefined,
};

function verbsOf(command: Command, above: string): Verb[] {
  const name = `${above}${command.name()}`;
  const verb: Verb = {
    name,
    description: command.description(),
    operands: command.registeredArguments.map((operand) => {
      const text = `${operand.name()}${operand.variadic ? '...' : ''}`;
      return operand.required ? `<${text}>` : `[${text}]`;
    }),
    options: command.options
      .filter(({ hidden }) => !hidden)
      .map(({ long, flags, description, argChoices, defaultValue, defaultValueDescription: words }) => ({
        name: long ?? flags,
        value: /[<[](.+)[>\]]/.exec(flags)?.[1],
        description: `${description}${defaultValue === undefined ? '' : ` (default: ${words ?? String(defaultValue)})`}`,
        choices: argChoices ?? [],
      })),
    children: command.commands.map((child) => child.name()),
    help: helpOf(command),
  };
  return [verb, ...command.commands.flatMap((child) => verbsOf(child, `${name} `))];
}

/** Commander has no other way to the text of `addHelpText`. */
function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}
