import { withoutColour } from '../text/style.ts';
import { terminalOf, type Terminal } from './terminal-style.ts';

/** Draws lines on a terminal, each time in the place of the former ones. */
export interface Painter {
  draw(lines: readonly string[]): void;
  /** Removes the lines and shows the cursor again. Further lines can be drawn. */
  erase(): void;
}

/** What is used of a terminal's stream. */
export interface PaintStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';
const eraseBelow = '\u001B[J';

/** A painter for a terminal. More lines than it has rows are left out. @param size replaces the size, for tests */
export function createPainter(stream: PaintStream, size: () => Terminal = () => terminalOf(stream)): Painter {
  let drawn: readonly string[] = [];
  let hidden = false;
  const show = (): void => {
    if (hidden) stream.write(showCursor);
    hidden = false;
  };
  /** Back to the first line: a terminal that became narrower has broken the lines. */
  const back = (): string => {
    const { columns } = size();
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(withoutColour(line).length / columns)), 0);
    return rows > 1 ? `\r\u001B[${rows - 1}A` : '\r';
  };
  return {
    draw: (lines) => {
      const fitting = lines.slice(0, Math.max(1, size().rows - 1));
      if (fitting.join('\n') === drawn.join('\n')) return;
      if (!hidden) process.once('exit', show);
      stream.write(`${hidden ? '' : hideCursor}${back()}${eraseBelow}${fitting.join('\n')}`);
      hidden = true;
      drawn = fitting;
    },
    erase: () => {
      if (drawn.length > 0) stream.write(`${back()}${eraseBelow}`);
      drawn = [];
      show();
      process.off('exit', show);
    },
  };
}
