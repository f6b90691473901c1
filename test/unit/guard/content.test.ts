import { createCipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alarmOf, createContentSampler, type Heads } from '../../../src/guard/content-sampler.ts';
import { entropyOf, looksRandom } from '../../../src/guard/entropy.ts';
import { kindOfFile, promisesOrder } from '../../../src/guard/file-kind.ts';
import { isRansomNote } from '../../../src/guard/ransom-note.ts';
import { createSample } from '../../../src/guard/sample.ts';
import type { Change } from '../../../src/history/change.ts';
import { runs } from '../../property-runs.ts';

/** What a cipher makes of anything: the same for the same seed, so that a failure can be seen again. */
const encrypted = (size: number, seed: number): Buffer => {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed % 256), Buffer.alloc(16, seed >> 8));
  return cipher.update(Buffer.alloc(size));
};
const words = 'the quick brown fox jumps over the lazy dog and writes a letter to a customer about 42 invoices\n';
const letter = (size: number): Buffer => Buffer.from(words.repeat(Math.ceil(size / words.length)).slice(0, size));

describe('entropy', () => {
  it('is between 0 and 8, and does not depend on the order', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 4096 }), (bytes) => {
        const entropy = entropyOf(bytes);
        expect(entropy).toBeGreaterThanOrEqual(0);
        expect(entropy).toBeLessThanOrEqual(8);
        expect(entropyOf(bytes.toReversed())).toBeCloseTo(entropy, 9);
      }),
    );
  });
  it('is 0 for one value and 8 for all in equal number', () => {
    expect(entropyOf(Buffer.alloc(1000, 7))).toBeCloseTo(0, 9);
    expect(entropyOf(Uint8Array.from({ length: 2560 }, (_, index) => index % 256))).toBeCloseTo(8, 9);
  });
  it('knows what a cipher leaves, of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 512, max: 65_536 }), fc.nat(60_000), (size, seed) => {
        expect(looksRandom(encrypted(size, seed))).toBe(true);
      }),
      runs(300),
    );
  });
  it('takes nothing that is written, printed or counted for that', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_536 }), (size) => {
        expect(looksRandom(letter(size))).toBe(false);
        expect(looksRandom(Buffer.from(encrypted(size, size).toString('base64')))).toBe(false);
        expect(
          looksRandom(Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, (_, index) => index * 17).buffer)),
        ).toBe(false);
      }),
    );
  });
});

describe('a file', () => {
  it.each([
    ['a gzip file', gzipSync(encrypted(9000, 1)), 'format'],
    ['a photo', Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), encrypted(9000, 2)]), 'format'],
    ['a film', Buffer.concat([Buffer.from('\0\0\0\x20ftypisom', 'latin1'), encrypted(9000, 3)]), 'format'],
    ['an office document', Buffer.concat([Buffer.from('PK\x03\x04'), deflateRawSync(letter(90_000))]), 'format'],
    ['a letter', letter(20_000), 'plain'],
    ['a short note', letter(30), 'plain'],
    ['an encrypted letter', encrypted(20_000, 4), 'random'],
    [
      'a letter of which only the beginning is encrypted',
      Buffer.concat([encrypted(4096, 5), letter(50_000)]),
      'random',
    ],
    ['too few bytes', encrypted(100, 6), 'unknown'],
  ] as const)('is %s', (_what, bytes, kind) => {
    expect(kindOfFile(bytes)).toBe(kind);
  });
  it('promises order by its name', () => {
    expect(['a/b.docx', 'a/b.TXT.locked', 'x.jpg'].every(promisesOrder)).toBe(true);
    expect(['a.txt/b', 'b.bin', 'b', 'vault.hc', 'pubring.gpg'].some(promisesOrder)).toBe(false);
  });
  it('is called as a ransom note', () => {
    expect(
      [
        'HOW_TO_DECRYPT.txt',
        'a/README_FOR_DECRYPT.html',
        'b/!!!READ_ME!!!.txt',
        'RECOVER-FILES.txt',
        'LockBit_Ransomware.hta',
        'c/@Please_Read_Me@.txt',
      ].filter((name) => !isRansomNote(name)),
    ).toEqual([]);
    expect(
      [
        'README.md',
        'docs/readme.txt',
        'how to restore furniture.pdf',
        'recovery/plan.txt',
        'decrypt.c',
        'restore.sh',
        'unlock/letter.txt',
      ].filter(isRansomNote),
    ).toEqual([]);
  });
});

describe('a sample', () => {
  it('never grows above its size and holds only what was offered', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(), { maxLength: 300 }), (size, offers) => {
        const sample = createSample<number>(size);
        offers.forEach((offer) => {
          sample.offer(offer);
        });
        expect(sample.items).toHaveLength(Math.min(size, offers.length));
        expect(sample.offered).toBe(offers.length);
        expect(sample.items.every((item) => offers.includes(item))).toBe(true);
      }),
    );
  });
  it('is spread over all that was offered', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let round = 0; round < 200; round += 1) {
      const sample = createSample<number>(100);
      for (let index = 0; index < 2000; index += 1) sample.offer(index);
      for (const item of sample.items) tenths[Math.floor(item / 200)] = (tenths[Math.floor(item / 200)] ?? 0) + 1;
    }
    for (const tenth of tenths) expect(Math.abs(tenth - 2000)).toBeLessThan(300); // seven standard deviations
  });
});

describe('a look at what a run did', () => {
  const look = (
    changes: readonly (readonly [Change['kind'], string])[],
    now: Record<string, Buffer>,
    before: Record<string, Buffer> = {},
    deletions = 0,
  ) => {
    const watch = createContentSampler();
    for (const [kind, path] of changes) watch.see({ kind, path, size: 1, isDirectory: false });
    const heads: Heads = { now: (path) => Promise.resolve(now[path]), before: (path) => Promise.resolve(before[path]) };
    return watch.examine(heads, deletions);
  };
  const numbered = (count: number, make: (index: number) => string): string[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const all = (paths: readonly string[], content: (index: number) => Buffer): Record<string, Buffer> =>
    Object.fromEntries(paths.map((path, index) => [path, content(index)]));

  it('finds a few encrypted files among many edited ones', async () => {
    const paths = numbered(100, (index) => `d/${index}`);
    const found = await look(
      paths.map((path) => ['changed', path]),
      all(paths, (index) => (index < 6 ? encrypted(3000, index) : letter(3000))),
      all(paths, () => letter(2000)),
    );
    expect(found).toMatchObject({ encrypted: 6, looked: 100 });
    expect(alarmOf(found)).toContain('6 of 100');
    expect(alarmOf(found)).not.toContain('d/');
  });
  it('leaves alone what was random before, and new archives', async () => {
    const paths = numbered(50, (index) => `vault/${index}`);
    const archives = numbered(50, (index) => `new/${index}.zip`);
    const found = await look(
      [...paths.map((path) => ['changed', path] as const), ...archives.map((path) => ['created', path] as const)],
      {
        ...all(paths, (index) => encrypted(3000, index)),
        ...all(archives, () => Buffer.concat([Buffer.from('PK\x03\x04'), encrypted(3000, 9)])),
      },
      all(paths, (index) => encrypted(3000, index + 100)),
    );
    expect(alarmOf(found)).toBeUndefined();
  });
  it('sees a mass of files that got one new ending, but not copies beside the old files', async () => {
    const old = numbered(40, (index) => `d/${index}.odt`);
    const renamed = old.map((path) => `${path}.crypt`);
    const files = { ...all(old, () => letter(3000)), ...all(renamed, () => letter(3000)) };
    const created = renamed.map((path) => ['created', path] as const);
    expect(alarmOf(await look(created, files, {}, 40))).toContain('one and the same new ending');
    expect(alarmOf(await look(created, files, {}, 0))).toBeUndefined();
  });
  it('reads no more than its sample of a large run', async () => {
    let reads = 0;
    const watch = createContentSampler();
    for (let index = 0; index < 50_000; index += 1)
      watch.see({ kind: index % 2 === 0 ? 'changed' : 'created', path: `d/${index}`, size: 1, isDirectory: false });
    const read = (): Promise<Buffer> => {
      reads += 1;
      return Promise.resolve(randomBytes(600));
    };
    await watch.examine({ now: read, before: read }, 0);
    expect(reads).toBeLessThanOrEqual(400);
  });
});
