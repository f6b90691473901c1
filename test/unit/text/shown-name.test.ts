import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shownLine, shownName, shownText } from '../../../src/text/shown-name.ts';
import { bytesOfName } from '../../../src/history/change-log.ts';

it('leaves letters of any language as they are', () => {
  expect(shownText('Grüße 漢字 😀 \\x.odt')).toBe('Grüße 漢字 😀 \\x.odt');
});

it('writes what a terminal would obey as rsync does', () => {
  expect(shownText('a\x1b[2J\n')).toBe('a\\#033[2J\\#012');
  expect(shownText('\u009b31m')).toBe('\\#302\\#23331m');
  expect(shownText('gpj\u202eexe')).toBe('gpj\\#342\\#200\\#256exe');
  expect(shownName(Buffer.from([0x61, 0xff, 0x0a]))).toBe('a\\#377\\#012');
  expect(shownLine('a\\#012b\u009b')).toBe('a\\#012b\\#302\\#233');
});

it('any name can be told from any other, and holds nothing that is not shown', () => {
  const bytes = fc
    .uint8Array({ minLength: 1, maxLength: 12 })
    .map((array) => Buffer.from(array.filter((byte) => byte !== 0 && byte !== 0x2f)));
  const odd = fc
    .array(fc.constantFrom('\\', '#', '0', '1', '3', '7', '\x1b', 'a', '\u202e', '\u009b'))
    .map((parts) => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(fc.oneof(bytes, odd), (name) => {
      const shown = shownName(name);
      expect(shown).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
      expect(bytesOfName(Buffer.from(shown).toString('latin1'))).toEqual(name);
    }),
  );
});
