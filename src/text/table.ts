import Table from 'cli-table3';

/** A table without lines and colours, so that it reads the same in a mail or a log. */
export function plainTable(head: string[]): Table.Table {
  const edges = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ];
  const chars = { ...Object.fromEntries(edges.map((edge) => [edge, ''])), middle: '  ' };
  return new Table({ head, chars, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } });
}

/** Removes the blanks that fill the last column. */
export const trimEnds = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
