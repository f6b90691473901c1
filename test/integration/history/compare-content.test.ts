import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HeldError } from '../../../src/guard/hold.ts';
import { copyOf, fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
let source: string;

/** Writes a file with the size and the time of every other one here. */
async function write(path: string, content: string): Promise<void> {
  await writeFile(join(source, path), content);
  await utimes(join(source, path), 1_700_000_000, 1_700_000_000);
}

const onDisk = (path: string): Promise<string> => readFile(join(disk.mirror, path), 'utf8');
const comparing = (compare: object): { settings: object } => ({ settings: { pull: { compare, retries: 0 } } });

async function inHistory(path: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(disk.top, 'history')).catch(() => []))
    found.push(
      ...(await readFile(join(disk.top, 'history', entry, path), 'utf8').then(
        (text) => [text],
        () => [],
      )),
    );
  return found;
}

let first: DiskAndServer;
beforeAll(async () => {
  first = await openDisk();
  ({ source } = first);
  for (const directory of ['vaults/deep', 'other']) await mkdir(join(source, directory), { recursive: true });
  for (const path of ['box.hc', 'vaults/deep/box', 'other/box.hc', 'other/plain']) await write(path, 'old content');
  await first.pull();
});
afterAll(() => first.remove());
beforeEach(async () => {
  disk = await copyOf(first);
  ({ source } = disk);
  for (const path of ['box.hc', 'vaults/deep/box', 'other/box.hc', 'other/plain']) await write(path, 'new content');
});
afterEach(() => disk.remove());

describe('files of the same size and time with another content', () => {
  it('are taken for equal where nothing is set', async () => {
    const { figures } = await disk.pull();
    expect(figures.filesTransferred).toBe(0);
    expect(await onDisk('box.hc')).toBe('old content');
  });

  it.each([
    [['*.hc'], ['box.hc', 'other/box.hc']],
    [['/box.hc'], ['box.hc']],
    [['/vaults/'], ['vaults/deep/box']],
    [
      ['box', '/other/**'],
      ['vaults/deep/box', 'other/box.hc', 'other/plain'],
    ],
    [['*.none'], []],
  ])('are copied where they fit %j, and the old ones are kept', async (checksum, copied) => {
    const { figures } = await disk.pull(comparing({ checksum }));
    expect(figures).toMatchObject({ filesTotal: 4, filesTransferred: copied.length });
    for (const path of ['box.hc', 'vaults/deep/box', 'other/box.hc', 'other/plain']) {
      expect([path, await onDisk(path)]).toEqual([path, copied.includes(path) ? 'new content' : 'old content']);
      expect(await inHistory(path)).toEqual(copied.includes(path) ? ['old content'] : []);
    }
    expect((await disk.pull(comparing({ checksum }))).figures.filesTransferred).toBe(0);
  });

  it('stay out where they are excluded', async () => {
    await disk.pull({ settings: { pull: { compare: { checksum: ['*.hc'] }, exclude: ['/other'], retries: 0 } } });
    expect(await onDisk('box.hc')).toBe('new content');
    await expect(onDisk('other/box.hc')).rejects.toThrow('ENOENT');
  });

  it('are found part by part, and after the end from the beginning', async () => {
    const counts: number[] = [];
    for (let run = 0; run < 2; run += 1)
      counts.push((await disk.pull(comparing({ share: '50%' }))).figures.filesTransferred);
    expect(counts).toEqual([2, 2]);
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
    await write('box.hc', 'even newer!');
    expect((await disk.pull(comparing({ share: '50%' }))).figures.filesTransferred).toBe(1);
    expect(await onDisk('box.hc')).toBe('even newer!');
  });

  it('are all found with a share of all, also with names that are no UTF-8', async () => {
    const odd = Buffer.concat([Buffer.from(`${source}/od\nd `), Buffer.from([0xff])]);
    await writeFile(odd, '1');
    await disk.pull(comparing({ share: '100%' }));
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
  });

  it('count for the guard as any other change', async () => {
    await fill(join(source, 'many'), 300);
    const names = Array.from({ length: 300 }, (_, index) => `many/folder-${String(index % 5)}/file-${String(index)}`);
    for (const name of names) await write(name, 'before');
    await disk.pull({ settings: { guard: { enabled: false } } });
    for (const name of names) await write(name, 'after!');
    await expect(disk.pull(comparing({ share: '100%' }))).rejects.toThrow(HeldError);
  });

  it('that the server lost meanwhile are no trouble', async () => {
    await rm(join(source, 'other'), { recursive: true });
    const { complete, figures } = await disk.pull(comparing({ share: '100%', checksum: ['*.hc'] }));
    expect(complete).toBe(true);
    expect(figures.filesDeleted).toBeGreaterThan(0);
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
  });
});
