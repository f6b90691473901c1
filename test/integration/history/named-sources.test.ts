import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listHistory } from '../../../src/history/history-entry.ts';
import { undoEntry } from '../../../src/history/undo-entry.ts';
import { fill, openDisk, readTree, restoreBeside, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
const never = new AbortController().signal;
beforeEach(async () => {
  disk = await openDisk();
});
afterEach(() => disk.remove());

it('sources with names have a directory each, and a history that undo and restore find their way in', async () => {
  for (const name of ['a', 'b']) {
    await fill(join(disk.source, name), 20);
    await mkdir(join(disk.source, name, 'gone/empty'), { recursive: true });
    await writeFile(join(disk.source, name, 'gone/y'), name);
    await mkdir(join(disk.source, name, 'becomes-a-file/empty'), { recursive: true });
    await disk.pullNamed(name);
  }
  const before = await readTree(disk.mirror);
  expect(before).toEqual(await readTree(disk.source));
  const first = (await listHistory(disk.top))[0]?.at;
  for (const name of ['a', 'b']) {
    await writeFile(join(disk.source, name, 'folder-1/file-1'), `${name} was edited, and is longer now`);
    await writeFile(join(disk.source, name, 'new'), name);
    for (const directory of ['gone', 'becomes-a-file'])
      await rm(join(disk.source, name, directory), { recursive: true });
    await writeFile(join(disk.source, name, 'becomes-a-file'), name);
    await disk.pullNamed(name);
  }
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));

  const restored = await restoreBeside(disk, 'b', first);
  expect(restored.get('folder-1/file-1')).toContain('content of 1');
  expect(restored.has('new')).toBe(false);
  expect(restored.get('gone/y')).toMatch(/ b$/);

  for (const entry of (await listHistory(disk.top)).filter(({ at }) => first !== undefined && at > first)) {
    await undoEntry(disk.mirror, entry, { removed: 0, restored: 0, left: 0 }, never);
  }
  expect(await readTree(disk.mirror)).toEqual(before);
});

it('a source with a name that changed nothing leaves no entry in the history', async () => {
  await fill(join(disk.source, 'a'), 5);
  await disk.pullNamed('a');
  const entries = await listHistory(disk.top);
  await disk.pullNamed('a');
  expect(await listHistory(disk.top)).toEqual(entries);
});
