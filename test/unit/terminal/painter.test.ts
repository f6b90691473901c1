import { expect, it } from 'vitest';
import { createPainter } from '../../../src/terminal/painter.ts';
import { terminalOf } from '../../../src/terminal/terminal-style.ts';
import { wordsAfterInterrupt } from '../../../src/terminal/leave-on-interrupt.ts';

/** A terminal of this size that understands what a painter writes. */
function aTerminal(columns: number, rows = 10) {
  let [text, at, cursor] = [[''] as string[], 0, true];
  const screen = { columns, rows };
  const write = (output: string): void => {
    for (const piece of output.split(/(\u001B\[[?\d]*[A-Za-z]|\r|\n)/)) {
      if (piece === '\n') {
        at += 1;
        text[at] ??= '';
      } else if (piece === '\u001B[J') text = [...text.slice(0, at), ''];
      else if (/^\u001B\[\d+A$/.test(piece)) at -= Number(piece.slice(2, -1));
      else if (piece.startsWith('\u001B[?25')) cursor = piece.endsWith('h');
      else if (piece !== '\r' && piece !== '')
        for (let rest = piece; rest !== ''; rest = rest.slice(screen.columns)) {
          if (rest !== piece) at += 1;
          text[at] = rest.slice(0, screen.columns);
        }
    }
  };
  const size = () => ({ ...screen, utf8: true, colour: false, isLive: true });
  return { screen, painter: createPainter({ write }, size), shown: () => text, cursor: () => cursor };
}

it('lines are drawn in the place of the former ones, and nothing is left at the end', () => {
  const { painter, shown, cursor } = aTerminal(20);
  painter.draw(['one', 'two', 'three']);
  expect([shown(), cursor()]).toEqual([['one', 'two', 'three'], false]);
  painter.draw(['four', 'five']);
  expect(shown()).toEqual(['four', 'five']);
  painter.erase();
  expect([shown(), cursor()]).toEqual([[''], true]);
  painter.draw(['again']);
  expect([shown(), cursor()]).toEqual([['again'], false]);
  painter.erase();
});

it('more lines than the terminal has are left out, and lines that a narrower one has broken are removed', () => {
  const { painter, shown, screen } = aTerminal(20, 4);
  painter.draw(['1', '2', '3', '4', '5']);
  expect(shown()).toEqual(['1', '2', '3']);
  painter.erase();
  screen.columns = 5;
  painter.draw(['0123456789', 'x']);
  painter.draw(['done']);
  expect(shown()).toEqual(['done']);
  painter.erase();
});

it('nothing is written when nothing has changed, and no listener is left', () => {
  const written: string[] = [];
  const before = process.listenerCount('exit');
  const painter = createPainter({ write: (text) => written.push(text) });
  painter.draw(['same']);
  painter.draw(['same']);
  expect(written).toHaveLength(1);
  expect(process.listenerCount('exit')).toBe(before + 1);
  painter.erase();
  painter.erase();
  expect(process.listenerCount('exit')).toBe(before);
});

it.each([
  [{ isTTY: true, columns: 120, rows: 50 }, { LANG: 'de_CH.UTF-8' }, [120, 50, true, true, true]],
  [{ isTTY: true, columns: 80, rows: 24 }, { LANG: 'de_CH.UTF-8', LC_ALL: 'C' }, [80, 24, false, true, true]],
  [{ isTTY: true, columns: 80, rows: 24 }, { LC_CTYPE: 'C.utf8', NO_COLOR: '1' }, [80, 24, true, false, true]],
  [{ isTTY: true, columns: 0, rows: 0 }, { LANG: '', TERM: 'dumb' }, [80, 24, false, false, false]],
  [{}, { LANG: 'C.UTF-8' }, [80, 24, true, false, false]],
])('a terminal %j with %j', (stream, env, expected) => {
  const { columns, rows, utf8, colour, isLive } = terminalOf(stream, env);
  expect([columns, rows, utf8, colour, isLive]).toEqual(expected);
});

it.each([
  [['status', '--watch'], 'Nothing was changed'],
  [['drive', 'list'], 'Nothing was changed'],
  [['doctor'], 'Nothing was changed'],
  [['doctor', '--fix'], 'what was done stays'],
  [['config', 'set', 'a', 'b'], 'what was done stays'],
  [['key', 'change'], 'what was done stays'],
])('Ctrl-C during %j says "%s"', (argv, words) => {
  expect(wordsAfterInterrupt(argv)).toContain(words);
});
