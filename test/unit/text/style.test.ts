import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bar, smallBar, wrap } from '../../../src/text/style.ts';

it.each([
  [0, '░░░░'],
  [0.5, '██░░'],
  [1, '████'],
  [7, '████'],
  [-1, '░░░░'],
])('a bar of the share %d is %s', (share, drawn) => {
  expect(bar(share, 4, { utf8: true })).toBe(drawn);
  expect(bar(share, 4, { utf8: false })).toBe(drawn.replaceAll('█', '#').replaceAll('░', '-'));
});

it('a small bar has eighths of a letter, and blanks up to its width', () => {
  expect([0, 0.03, 0.5, 0.6, 1].map((share) => smallBar(share, 4, { utf8: true }))).toEqual([
    '    ',
    '    ',
    '██  ',
    '██▍ ',
    '████',
  ]);
  expect(smallBar(0.6, 4, { utf8: false })).toBe('##  ');
});

it('a text is broken between words, keeps what fits and loses no letter', () => {
  expect(wrap('  a table  with  gaps', 40)).toEqual(['  a table  with  gaps']);
  expect(wrap('one two three', 7, '  ')).toEqual(['one two', '  three']);
  expect(wrap('  one two', 6)).toEqual(['  one', 'two']);
  expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z ]{0,80}$/), fc.integer({ min: 3, max: 90 }), (text, columns) => {
      const lines = wrap(text, columns, '  ');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }),
  );
});
