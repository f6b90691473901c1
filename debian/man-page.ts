import type { Verb } from './command-tree.ts';
import type { ListedSetting } from './settings-list.ts';

/** What the lists in the man pages are made from. */
export interface ManualParts {
  readonly verbs: readonly Verb[];
  readonly settings: readonly ListedSetting[];
  /** mdoc(7) text of the list of exit codes, which two pages have. */
  readonly exitStatus: string;
  /** Commands with --json and the names of their schemas. */
  readonly schemas: readonly { readonly command: string; readonly file: string }[];
}

/**
 * Fills the lists into the source of a man page, in mdoc(7). A line `.\" COMMANDS` becomes a section for each command,
 * `.\" COMMANDS restore, mount` for these; `.\" SETTINGS`, `.\" EXIT STATUS` and `.\" JSON` become lists.
 * @throws when a named command does not exist
 */
export function manPage(source: string, { verbs, settings, exitStatus, schemas }: ManualParts): string {
  const leaves = verbs.filter(({ children }) => children.length === 0);
  return source.replace(
    /^\.\\" (COMMANDS|SETTINGS|EXIT STATUS|JSON)(?: (.*))?\n/gm,
    (_, name: string, which?: string) => {
      if (name === 'SETTINGS') return tagList(settings.map(describeSetting));
      if (name === 'EXIT STATUS') return exitStatus;
      if (name === 'JSON')
        return tagList(schemas.map(({ command, file }) => `.It Cm ${command}\n.Pa ${escape(file)}\n`));
      const wanted = which?.split(', ').map((one) => {
        const verb = leaves.find((leaf) => leaf.name === one);
        if (verb === undefined) throw new Error(`A man page names the command ${one}, which does not exist.`);
        return verb;
      });
      return (wanted ?? leaves).map(describeVerb).join('');
    },
  );
}

const tagList = (items: readonly string[]): string => `.Bl -tag -width Ds\n${items.join('')}.El\n`;

function describeSetting({ name, defaultValue, description = '', channel }: ListedSetting): string {
  const remarks = [channel, defaultValue === undefined ? undefined : `default ${inMacro(defaultValue)}`];
  const known = remarks.filter((remark) => remark !== undefined).join(', ');
  return `.It Va ${name}${known === '' ? '' : ` Pq ${known}`}\n${sentence(description)}`;
}

/** Text after a macro on its line, where a quote would begin an argument. */
const inMacro = (text: string): string => escape(text).replaceAll('"', '\\(dq');

/** A section: usage, description, options, and what `--help` says after them. */
function describeVerb({ name, operands, options, description, help }: Verb): string {
  const synopsis = [...operands.map(operandWords), ...(options.length > 0 ? ['Op Ar option ...'] : [])];
  const listed =
    options.length === 0
      ? ''
      : `.Bl -tag -width Ds\n${options.map((option) => `.It Fl Fl ${option.name.slice(2)}${option.value === undefined ? '' : ` Ar ${escape(option.value)}`}\n${sentence(option.description)}`).join('')}.El\n`;
  return `.Ss ${name}\n.Ic ${['extbackup', name, ...synopsis].join(' ')}\n.Pp\n${sentence(description)}${listed}${remarks(help)}`;
}

/** The text that a command adds to its help: examples are literal, the rest is prose. */
function remarks(help: string): string {
  const begin = help.search(/^Examples?\b.*:$/m);
  if (begin < 0) return '';
  return help
    .slice(begin)
    .trimEnd()
    .split('\n')
    .map((line) => ({ isLiteral: line.startsWith('  '), text: line.trim() }))
    .reduce<{ isLiteral: boolean; lines: string[] }[]>((blocks, { isLiteral, text }) => {
      const last = blocks.at(-1);
      if (text === '') blocks.push({ isLiteral: false, lines: [] });
      else if (last?.isLiteral === isLiteral) last.lines.push(text);
      else blocks.push({ isLiteral, lines: [text] });
      return blocks;
    }, [])
    .filter(({ lines }) => lines.length > 0)
    .map(({ isLiteral, lines }) =>
      isLiteral
        ? `.Bd -literal -offset indent\n${lines.map((line) => `${shielded(escape(line))}\n`).join('')}.Ed\n`
        : `.Pp\n${sentence(lines.join(' '))}`,
    )
    .join('');
}

const operandWords = (operand: string): string =>
  operand.startsWith('<') ? `Ar ${operand.slice(1, -1)}` : `Op Ar ${operand.slice(1, -1)}`;

/** Input lines of at most 78 columns; a sentence begins on a line of its own, and no line begins like a macro. */
function sentence(text: string): string {
  const capital = `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?:]$/.test(text) ? '' : '.'}`;
  const lines: string[] = [];
  for (const word of escape(capital).split(/\s+/)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length > 76 || /[.!?][)"']?$/.test(line)) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return `${lines.map(shielded).join('\n')}\n`;
}

/** A line of text that begins like a macro. */
const shielded = (line: string): string => (/^[.']/.test(line) ? `\\&${line}` : line);

/** A backslash begins an escape, and what is not ASCII is given by its code point; see mandoc_char(7). */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('…', '...')
    .replace(
      /[^\x20-\x7e]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
