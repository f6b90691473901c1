import { describe, expect, it } from 'vitest';
import { usedUp, type Room } from '../../../src/disk/room.ts';

const mebibyte = 1024 * 1024;
const free = (bytes: number, inodes = 500): Room => ({
  bytes: 4e12,
  freeBytes: bytes * mebibyte,
  inodes: 1000,
  freeInodes: inodes,
});

describe('what was used up while a program wrote', () => {
  it.each([
    ['nothing, where there is room', free(5000), free(4000), undefined],
    ['nothing, where little was free and nothing came', free(5), free(5), undefined],
    ['nothing, where little came', free(15), free(9), undefined],
    ['blocks, where none was left', free(5000), free(0), 'blocks'],
    ['blocks, where what was left went between two looks', free(40), free(12), 'blocks'],
    ['inodes, where none was left', free(5000), free(5000, 0), 'inodes'],
  ] as const)('%s', (_what, before, least, what) => {
    expect(usedUp(before, least)).toBe(what);
  });

  it('of a small disk a small share', () => {
    const small = { bytes: 100 * mebibyte, inodes: 0, freeInodes: 0 };
    const [before, least] = [3 * mebibyte, 1.4 * mebibyte].map((freeBytes) => ({ ...small, freeBytes }));
    expect(before && least && usedUp(before, least)).toBeUndefined();
  });
});
