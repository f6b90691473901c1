/** How text for a person is laid out. */
export interface Style {
  /** Width of the terminal, in characters. */
  readonly columns: number;
  /** Whether letters beyond ASCII can be shown. */
  readonly utf8: boolean;
  readonly colour: boolean;
}

const escapes = { bold: '1', green: '32', red: '31', dim: '2' } as const;

/** A text in a colour, where there are colours. */
export const inColour = (text: string, colour: keyof typeof escapes, style: Pick<Style, 'colour'>): string =>
  style.colour ? `\u001B[${escapes[colour]}m${text}\u001B[0m` : text;

/** Removes colours. */
export const withoutColour = (text: string): string => text.replace(/\u001B\[[\d;]*m/g, '');

/** A bar of this width. @param share 0 to 1 */
export function bar(share: number, width: number, { utf8 }: Pick<Style, 'utf8'>): string {
  const done = Math.round(Math.max(0, Math.min(1, share)) * Math.max(0, width));
  return (utf8 ? '█' : '#').repeat(done) + (utf8 ? '░' : '-').repeat(Math.max(0, width) - done);
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar on blanks for a table, with eighths of a letter where they can be shown. @param share 0 to 1 */
export function smallBar(share: number, width: number, { utf8 }: Pick<Style, 'utf8'>): string {
  const part = Math.max(0, Math.min(1, share)) * width;
  if (!utf8) return '#'.repeat(Math.round(part)).padEnd(width);
  const whole = Math.floor(part);
  return `${'█'.repeat(whole)}${eighths[Math.floor((part - whole) * 8)] ?? ''}`.padEnd(width);
}

/** Breaks a text without colours between words, so that no line is wider; the lines after the first are indented. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  if (text.length <= columns) return [text];
  const lines: string[] = [];
  let line = /^ */.exec(text)?.[0] ?? '';
  for (const word of text.trimStart().split(' ')) {
    const longer = line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    if (longer.length <= columns || line.trim() === '') line = longer;
    else {
      lines.push(line.trimEnd());
      line = `${indent}${word}`;
    }
    for (; line.length > columns && columns > indent.length; line = `${indent}${line.slice(columns)}`)
      lines.push(line.slice(0, columns));
  }
  return [...lines, line];
}
