import type { Verb } from './command-tree.ts';

/** What a shell can offer for a value. */
export type Offer =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'labels' | 'runs' | 'files' | 'any' };

/** What the value of an option may be; undefined for a switch. A `--label` names a disk that is still to be made. */
export function offerForOption({ name, value, choices }: Verb['options'][number]): Offer | undefined {
  if (value === undefined) return undefined;
  if (choices.length > 0) return { kind: 'words', words: choices };
  return name === '--label' ? { kind: 'any' } : offerFor(value);
}

/** What the first operand of a command may be. */
export const offerForOperand = ({ operands: [first] }: Verb): Offer => offerFor(first?.slice(1, -1) ?? '');

function offerFor(placeholder: string): Offer {
  if (placeholder === 'label') return { kind: 'labels' };
  if (placeholder === 'run') return { kind: 'runs' };
  return { kind: /^(?:file|dir|directory|path|device|script)$/.test(placeholder) ? 'files' : 'any' };
}

/** Options before any command. */
export const globalOptions = [
  { name: '--config', value: 'file', description: 'settings file', choices: [] },
  { name: '--help', value: undefined, description: 'help for a command', choices: [] },
  { name: '--version', value: undefined, description: 'version of the program', choices: [] },
] as const satisfies Verb['options'];

/** The options of a command, with the one that every command has. */
export const optionsOf = ({ options }: Verb): Verb['options'] => [
  ...options,
  { name: '--help', value: undefined, description: 'help for this command', choices: [] },
];

/** Commands with commands below them. */
export const parentsOf = (verbs: readonly Verb[]): string[] =>
  verbs.filter(({ children }) => children.length > 0).map(({ name }) => name);

/** What stands at the top, without what only units start. */
export const topVerbs = (verbs: readonly Verb[], shown: readonly string[]): Verb[] =>
  verbs.filter(({ name }) => shown.includes(name));

/**
 * POSIX commands that print labels and the ids of the last runs, one a line. They read the files themselves, because a
 * start of the program is slow for a key press; only root may read them, others are offered nothing.
 */
export const listCommands = {
  labels: `sed -n 's/^      "label": "\\([^"]*\\)".*/\\1/p' /var/lib/extbackup/drives.json 2>/dev/null`,
  runs: `tail -n 20 /var/lib/extbackup/runs.jsonl 2>/dev/null | sed -n 's/^{"id":"\\([^"]*\\)".*/\\1/p'`,
} as const;

/** The functions of bash and zsh that print labels and runs, one a line. */
export const listFunctions = `_extbackup_labels()
{
    ${listCommands.labels}
}

_extbackup_runs()
{
    ${listCommands.runs}
}`;
