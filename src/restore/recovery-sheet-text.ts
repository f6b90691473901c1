import type { Block, RecoverySheet } from './sheet-parts.ts';

/**
 * The sheet as plain text. Commands are between two comment lines, so a whole block can be pasted into a shell.
 */
export function sheetAsText(sheet: RecoverySheet): string {
  const sections = sheet.sections.map(({ heading, blocks }) =>
    [heading, '-'.repeat(heading.length), ...blocks.map(blockAsText)].join('\n\n').replace('\n\n-', '\n-'),
  );
  return [`${sheet.title}\n${'='.repeat(sheet.title.length)}`, ...sections].join('\n\n');
}

function blockAsText(block: Block): string {
  if ('text' in block) return block.text.split('\n').map(wrap).join('\n');
  if ('commands' in block) return `# ---- type this ----\n${block.commands}\n# ---- up to here ----`;
  const width = Math.max(...block.facts.map(([name]) => name.length));
  return block.facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** Lines of at most 80 characters. */
function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length >= 80) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}

/** For paper: a page break never splits a block. */
const style = [
  'body { font: 11pt serif; max-width: 46em; margin: 2em auto }',
  'pre { font-size: 9pt; border: 1px solid; padding: .5em; white-space: pre-wrap; overflow-wrap: anywhere }',
  'th { text-align: left; padding-right: 1em; vertical-align: top }',
  'section, pre, tr { break-inside: avoid }',
  'td { overflow-wrap: anywhere }',
  '@page { size: A4; margin: 15mm } @media print { body { max-width: none; margin: 0 } }',
].join(' ');

/** The sheet as one self-contained HTML page, for printing. */
export function sheetAsHtml(sheet: RecoverySheet): string {
  const sections = sheet.sections.map(
    ({ heading, blocks }) => `<h2>${escape(heading)}</h2>\n${blocks.map(blockAsHtml).join('\n')}`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(sheet.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escape(sheet.title)}</h1>
${sections.map((section) => `<section>\n${section}\n</section>`).join('\n')}
</main>
</body>
</html>`;
}

function blockAsHtml(block: Block): string {
  if ('text' in block)
    return block.text
      .split('\n')
      .map((line) => `<p>${escape(line)}</p>`)
      .join('\n');
  if ('commands' in block) return `<pre>${escape(block.commands)}</pre>`;
  const rows = block.facts.map(
    ([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`,
  );
  return `<table>\n${rows.join('\n')}\n</table>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
