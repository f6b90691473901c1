import { markup, nothing, type Markup } from '../text/markup.ts';
import type { Language } from '../words/languages.ts';
import { style } from './style.ts';

/** A whole, self-contained page: it has no script and loads nothing. */
export function wholePage(title: string, body: Markup, language: Language): string {
  return markup`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.text;
}

/** One column of a table: its heading and the kind of its cells. */
export interface Column {
  readonly head: string;
  readonly isNumber?: boolean;
  /** Times are not broken into lines. */
  readonly isTime?: boolean;
}

/** A table that scrolls by itself on a narrow screen. */
export function htmlTable(columns: readonly Column[], rows: readonly (readonly (string | Markup)[])[]): Markup {
  const head = columns.map((column) => markup`<th scope="col"${classOf(column)}>${column.head}</th>`);
  const body = rows.map(
    (row) => markup`<tr>${row.map((value, at) => markup`<td${classOf(columns[at])}>${value}</td>`)}</tr>\n`,
  );
  return markup`<div class="wide" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody></table></div>`;
}

function classOf(column: Column | undefined): Markup {
  if (column?.isNumber === true) return markup` class="number"`;
  return column?.isTime === true ? markup` class="time"` : nothing;
}
