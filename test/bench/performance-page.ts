import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withPart } from './marked-part.ts';

/** Ratios to the first side, of all rounds. */
export interface Figures {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** One kind of run on one tree. */
export interface Comparison {
  readonly tree: string;
  readonly kind: string;
  readonly sides: readonly (Figures & { readonly name: string; readonly overSsh: boolean })[];
}

/** The content of docs/performance.json. */
export interface Performance {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly results: readonly Comparison[];
}

const docs = join(import.meta.dirname, '../../docs');

/** Writes docs/performance.json, the picture, and the tables between the marks of docs/performance.md. */
export async function writePage(performance: Performance): Promise<void> {
  await writeFile(join(docs, 'performance.json'), `${JSON.stringify(performance, null, 2)}\n`);
  await writeFile(join(docs, 'performance.svg'), picture(performance.results));
  const page = await readFile(join(docs, 'performance.md'), 'utf8');
  await writeFile(join(docs, 'performance.md'), withPart(page, 'the comparison', tables(performance)));
}

/** Tables in Markdown: a row for each side, a column for each kind of run. */
export function tables({ date, machine, rounds, results }: Performance): string {
  const trees = [...new Set(results.map(({ tree }) => tree))];
  const intro = `${date}, ${machine}, ${String(rounds)} rounds in turn, cold caches, until everything is on the disk. Medians, with the least and the most:`;
  return [intro, ...trees.map((tree) => table(tree, results))]
    .join('\n\n')
    .concat('\n\n![The same ratios as bars](performance.svg)\n');
}

function table(tree: string, results: readonly Comparison[]): string {
  const ofTree = results.filter((result) => result.tree === tree);
  const head = `| ${tree} | ${ofTree.map(({ kind }) => kind).join(' | ')} |`;
  const rule = `|---|${ofTree.map(() => '---').join('|')}|`;
  const rows = (ofTree[0]?.sides ?? []).map(({ name, overSsh }, index) => {
    const cells = ofTree.map(({ sides }) => cell(sides[index]));
    return `| ${name}${overSsh ? '' : ' (no network)'} | ${cells.join(' | ')} |`;
  });
  return [head, rule, ...rows].join('\n');
}

const cell = (figures: Figures | undefined): string =>
  figures === undefined
    ? '-'
    : `${figures.median.toFixed(2)} (${figures.least.toFixed(2)} to ${figures.most.toFixed(2)})`;

const [rowHeight, labelWidth, unit] = [18, 190, 150];

/** A bar for each side, kind and tree; the line is the first side. */
export function picture(results: readonly Comparison[]): string {
  let y = 0;
  const parts: string[] = [];
  for (const { tree, kind, sides } of results) {
    y += rowHeight + 6;
    parts.push(`<text x="0" y="${String(y)}" class="title">${tree}, ${kind}</text>`);
    for (const { name, median } of sides) {
      y += rowHeight;
      const width = Math.round(Math.min(median, 4) * unit);
      parts.push(
        `<text x="0" y="${String(y)}">${name}</text>`,
        `<rect x="${String(labelWidth)}" y="${String(y - 11)}" width="${String(width)}" height="13" class="${name === 'extbackup' ? 'ours' : 'other'}"/>`,
        `<text x="${String(labelWidth + width + 5)}" y="${String(y)}">${median.toFixed(2)}</text>`,
      );
    }
  }
  const [width, height] = [labelWidth + 4 * unit + 50, y + 10];
  const line = labelWidth + unit;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" font-family="sans-serif" font-size="12">
<style>svg { background: #fff } .ours { fill: #2a7d4f } .other { fill: #9aa5b1 } .title { font-weight: bold }</style>
${parts.join('\n')}
<line x1="${String(line)}" y1="0" x2="${String(line)}" y2="${String(height)}" stroke="#c0392b" stroke-dasharray="3 3"/>
</svg>
`;
}
