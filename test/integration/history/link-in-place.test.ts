import { link, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
beforeEach(async () => {
  disk = await openDisk();
  await fill(disk.source, 20);
});
afterEach(() => disk.remove());

const at = (...parts: string[]): string => join(disk.source, ...parts);
const settings = { guard: { enabled: false }, pull: { retries: 0, stallTimeout: '3s' } };

/** rsync with an incremental list ends with a false list index in one case, and waits without end in the other one. */
it.each([
  ['another directory', 'beside/linked'],
  ['the same directory', 'linked'],
])('a file with a hard link in %s takes the place of a directory', async (_, other) => {
  await mkdir(at('turns/inner'), { recursive: true });
  await writeFile(at('turns/inner/old'), 'old');
  await mkdir(at('beside'));
  await disk.pull({ settings });
  await rm(at('turns'), { recursive: true });
  await writeFile(at('turns'), 'a file now');
  await link(at('turns'), at(other));
  await disk.pull({ settings });
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
  const inode = async (name: string): Promise<number> => (await lstat(join(disk.mirror, name))).ino;
  expect(await inode('turns')).toBe(await inode(other));
  expect(await disk.pull({ settings })).toMatchObject({ complete: true, figures: { filesTransferred: 0 } });
});
