import type { Style } from '../text/style.ts';

/** The terminal behind an output. */
export interface Terminal extends Style {
  readonly rows: number;
  /** Whether lines can be drawn again; otherwise they are printed one after another. */
  readonly isLive: boolean;
}

/** What a terminal has that does not tell its size. */
const usual = { columns: 80, rows: 24 };

/**
 * Reads what an output can show: from itself, and from TERM, NO_COLOR (see no-color.org) and the locale.
 * @param stream standard output or standard error
 */
export function terminalOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Terminal {
  const { columns = 0, rows = 0 } = stream;
  const isLive = stream.isTTY === true && env['TERM'] !== 'dumb';
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((name) => name !== undefined && name !== '') ?? '';
  return {
    columns: columns > 0 ? columns : usual.columns,
    rows: rows > 0 ? rows : usual.rows,
    utf8: /utf-?8/i.test(locale),
    colour: isLive && (env['NO_COLOR'] ?? '') === '',
    isLive,
  };
}
