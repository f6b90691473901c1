import type { Verb } from './command-tree.ts';
import type { ListedSetting } from './settings-list.ts';

/**
 * Fills the lists of commands and settings into the source of the man page, in mdoc(7).
 * @param source text of docs/extbackup.8
 * @throws when the place for a list is missing
 */
export function manPage(source: string, verbs: readonly Verb[], settings: readonly ListedSetting[]): string {
  const commands = verbs.filter(({ children }) => children.length === 0).map(describeVerb);
  return [
    { name: 'COMMANDS', list: commands },
    { name: 'SETTINGS', list: settings.map(describeSetting) },
  ].reduce((page, { name, list }) => {
    const placeholder = `.\\" ${name}\n`;
    if (!page.includes(placeholder)) throw new Error(`docs/extbackup.8 has no place for the list of ${name}.`);
    return page.replace(placeholder, () => `.Bl -tag -width Ds\n${list.join('')}.El\n`);
  }, source);
}

function describeSetting({ name, defaultValue, description = '', channel }: ListedSetting): string {
  const remarks = [channel, defaultValue === undefined ? undefined : `default ${inMacro(defaultValue)}`];
  const known = remarks.filter((remark) => remark !== undefined).join(', ');
  return `.It Va ${name}${known === '' ? '' : ` Pq ${known}`}\n${sentence(description)}`;
}

/** Text after a macro on its line, where a quote would begin an argument. */
const inMacro = (text: string): string => escape(text).replaceAll('"', '\\(dq');

function describeVerb({ name, operands, options, description }: Verb): string {
  const synopsis = [...operands.map(operandWords), ...(options.length > 0 ? ['Op Ar option ...'] : [])];
  const listed =
    options.length === 0
      ? ''
      : `.Bl -tag -width Ds -compact\n${options.map((option) => `.It Fl Fl ${option.name.slice(2)}${option.value === undefined ? '' : ` Ar ${escape(option.value)}`}\n${sentence(option.description)}`).join('')}.El\n`;
  return `.It Cm ${[name, ...synopsis].join(' ')}\n${sentence(description)}${listed}`;
}

const operandWords = (operand: string): string =>
  operand.startsWith('<') ? `Ar ${operand.slice(1, -1)}` : `Op Ar ${operand.slice(1, -1)}`;

/** One input line per sentence part of at most 78 columns; a line never begins like a macro. */
function sentence(text: string): string {
  const capital = `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
  const lines: string[] = [];
  for (const word of escape(capital).split(/\s+/)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length > 76) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return `${lines.map((line) => (/^[.']/.test(line) ? `\\&${line}` : line)).join('\n')}\n`;
}

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
