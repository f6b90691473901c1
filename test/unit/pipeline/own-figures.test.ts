import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { ownFigures, type Seen } from '../../../src/pipeline/own-figures.ts';
import { goodPull } from '../../fakes/fake-machine.ts';

const source = sourceOf(configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } }));
const room = (freeBytes: number) => ({ bytes: 1e12, freeBytes, inodes: 0, freeInodes: 0 });
const seen: Seen = {
  before: { filesTotal: 200, bytesTotal: 20_000 },
  counts: { created: 10, deleted: 4 },
  roomBefore: room(1e9),
  roomAfter: room(1e9 - 5_000),
};

/** @returns the figures, and how often the mirror was counted */
async function figuresFor(told: { filesTotal: number; bytesTotal: number }, counted = { files: 206, bytes: 21_000 }) {
  let counts = 0;
  const countMirror = () => {
    counts += 1;
    return Promise.resolve(counted);
  };
  const figures = { ...goodPull.figures, ...told };
  const own = await ownFigures(figures, seen, { countMirror }, source, new AbortController().signal);
  return { filesTotal: own.filesTotal, bytesTotal: own.bytesTotal, counts };
}

describe('the totals after a pull', () => {
  it('are what rsync tells, where what was seen explains it', async () => {
    const told = { filesTotal: 206, bytesTotal: 22_000 };
    expect(await figuresFor(told)).toEqual({ ...told, counts: 0 });
  });

  it('are never more than what was seen', async () => {
    expect(await figuresFor({ filesTotal: 208, bytesTotal: 22_000 })).toMatchObject({ filesTotal: 206, counts: 0 });
  });

  it.each([
    ['files', { filesTotal: 900_000_000, bytesTotal: 22_000 }, { filesTotal: 206, bytesTotal: 21_000 }],
    ['bytes', { filesTotal: 206, bytesTotal: 9e14 }, { filesTotal: 206, bytesTotal: 21_000 }],
    ['fewer files and more bytes', { filesTotal: 3, bytesTotal: 9e14 }, { filesTotal: 3, bytesTotal: 21_000 }],
  ])('are counted where a server tells too much: %s', async (_what, told, own) => {
    expect(await figuresFor(told)).toEqual({ ...own, counts: 1 });
  });

  it('never raise the base of the guard, whatever is told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.maxSafeNat(), fc.maxSafeNat(), async (filesTotal, bytesTotal) => {
        const own = await figuresFor({ filesTotal, bytesTotal });
        expect(own.filesTotal).toBeLessThanOrEqual(206);
        expect(own.bytesTotal).toBeLessThanOrEqual(25_000);
      }),
    );
  });
});
