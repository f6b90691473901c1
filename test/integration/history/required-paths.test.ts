import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
beforeEach(async () => {
  disk = await openDisk();
  await fill(disk.source, 50);
});
afterEach(() => disk.remove());

const settings = { pull: { retries: 0, requires: ['folder-1', 'folder-2/file-2'] } };

it('a directory that is empty or gone, or a file that is gone, ends the run before anything is changed', async () => {
  await disk.pull({ settings });
  const before = await readTree(disk.mirror);
  await rm(join(disk.source, 'folder-1'), { recursive: true });
  await expect(disk.pull({ settings })).rejects.toThrow('entry 1 of requires');
  await mkdir(join(disk.source, 'folder-1'));
  await expect(disk.pull({ settings })).rejects.toThrow('entry 1 of requires');
  await writeFile(join(disk.source, 'folder-1/any'), '');
  await rm(join(disk.source, 'folder-2/file-2'));
  await expect(disk.pull({ settings })).rejects.toThrow('entry 2 of requires');
  expect(await readTree(disk.mirror)).toEqual(before);
  await writeFile(join(disk.source, 'folder-2/file-2'), '');
  await disk.pull({ settings });
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
});
