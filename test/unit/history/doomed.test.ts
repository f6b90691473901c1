import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDoomed, type Doomed } from '../../../src/history/doomed.ts';

/** What rsync 3.5 says when it deletes nothing. */
const said = [
  'delete_in_dir(.)',
  'delete_in_dir(keep)',
  'delete_item(gone) mode=40755 flags=2',
  'delete_item(gone/sub/deep) mode=40755 flags=4',
  'delete_item(gone/sub/1) mode=100644 flags=4',
  'cannot delete non-empty directory: gone/sub',
  'delete_item(gone/sub) mode=40755 flags=4',
  'cannot delete non-empty directory: gone',
  'delete_item(empty) mode=40755 flags=2',
  'delete_item(keep/\\#377) mode=100644 flags=2',
  'delete_item(keep/ü) mode=a) mode=120777 flags=2',
];
const read = (lines: readonly string[], skipped: number): Doomed | undefined => {
  const doomed = readDoomed();
  expect(lines.filter((line) => !doomed.see(line))).toEqual([]);
  return doomed.result(skipped);
};

describe('what a copying rsync would have deleted', () => {
  it('is named once, a directory for all that is in it', () => {
    expect(read(said, 6)).toEqual({
      names: [
        { path: Buffer.from('gone'), isDirectory: true },
        { path: Buffer.from('empty'), isDirectory: true },
        { path: Buffer.from('keep/\xff', 'latin1'), isDirectory: false },
        { path: Buffer.from('keep/ü) mode=a'), isDirectory: false },
      ],
      count: 7,
    });
  });
  it.each([[4], [8]])('is not believed when rsync counts %i of it', (skipped) => {
    expect(read(said, skipped)).toBeUndefined();
  });
  it('is nothing when nothing is named', () => {
    expect(read([], 0)).toBeUndefined();
    expect(read([], 3)).toBeUndefined();
  });
  it('is not what stands in the way of something new', () => {
    expect(read(['delete_item(a) mode=100644 flags=16'], 0)).toBeUndefined();
  });
  it.each(['../etc', '/etc', 'a/../../etc', '.', 'a//b', '\\#056\\#056/etc', 'a\\#000'])(
    'never leads out of the mirror: %s',
    (name) => {
      expect(read([`delete_item(${name}) mode=100644 flags=2`], 1)).toBeUndefined();
    },
  );
  it('is left to another look when it is too much to be kept', () => {
    expect(
      read(
        Array.from({ length: 50_001 }, (_, index) => `delete_item(${String(index)}) mode=100644 flags=2`),
        50_001,
      ),
    ).toBeUndefined();
    expect(
      read(
        Array.from(
          { length: 5_000 },
          (_, index) => `delete_item(${String(index)}${'x'.repeat(2_000)}) mode=100644 flags=2`,
        ),
        5_000,
      ),
    ).toBeUndefined();
  });
  it('gives back every byte of a name', () => {
    fc.assert(
      fc.property(
        fc
          .uint8Array({ min: 1, max: 255, minLength: 1, maxLength: 20 })
          .filter((bytes) => !bytes.includes(0x2f) && !['.', '..'].includes(Buffer.from(bytes).toString('latin1'))),
        (bytes) => {
          const printed = [...bytes]
            .map((byte, index) =>
              byte < 0x20 || byte >= 0x7f || (byte === 0x5c && bytes[index + 1] === 0x23)
                ? `\\#${byte.toString(8).padStart(3, '0')}`
                : String.fromCharCode(byte),
            )
            .join('');
          expect(read([`delete_item(${printed}) mode=100644 flags=3`], 1)).toEqual({
            names: [{ path: Buffer.from(bytes), isDirectory: false }],
            count: 1,
          });
        },
      ),
    );
  });
  it('leaves other lines alone', () => {
    fc.assert(
      fc.property(
        fc.string().filter((line) => !/^(?:delete_i|cannot delete)/.test(line)),
        (line) => {
          expect(readDoomed().see(line)).toBe(false);
        },
      ),
    );
  });
});
