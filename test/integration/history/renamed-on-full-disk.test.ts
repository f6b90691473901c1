/** A disk that has no room for a second copy of what was renamed or replaced on the server. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planRollback, rollBack } from '../../../src/restore/roll-back.ts';
import { pairRenamed } from '../../../src/pipeline/link-renamed.ts';
import { startProgram } from '../../../src/system/command.ts';
import { openDisk, readTree, type DiskAndServer } from './a-disk.ts';

const never = new AbortController().signal;
const run = (file: `/${string}`, ...args: string[]): Promise<unknown> =>
  startProgram({ file, args, timeoutMs: 10_000 });

let disk: DiskAndServer;
/** 20 of 32 MB are taken by one directory. */
beforeEach(async () => {
  disk = await openDisk();
  await run('/usr/bin/mount', '-t', 'tmpfs', '-o', 'size=32m', 'none', disk.top);
  await mkdir(join(disk.source, 'projects/2024/raw'), { recursive: true });
  for (let index = 0; index < 20; index += 1)
    await writeFile(
      join(disk.source, 'projects/2024/raw', `photo-${String(index)}`),
      Buffer.alloc(1_000_000 + index, 'a'),
    );
  await writeFile(join(disk.source, 'small'), 'small');
  await disk.pull();
});
afterEach(async () => {
  await run('/usr/bin/umount', '--lazy', disk.top);
  await disk.remove();
});

it('a renamed directory fits, goes to the history under its old name, and is undone with the run', async () => {
  const before = await readTree(disk.mirror);
  await mkdir(join(disk.source, 'archive'));
  await rename(join(disk.source, 'projects/2024'), join(disk.source, 'archive/of 2024'));
  await writeFile(join(disk.source, 'archive/of 2024/raw/new'), Buffer.alloc(2_000_000, 'b'));
  await disk.pull();
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));

  const entries = await readdir(join(disk.top, 'history'));
  const kept = await Promise.all(entries.map((name) => readdir(join(disk.top, 'history', name), { recursive: true })));
  expect(kept.flat()).toContain('projects/2024/raw/photo-7');

  const plan = await planRollback(disk.top, disk.record, undefined, never);
  if (!plan) throw new Error('there is nothing to undo');
  await rollBack(startProgram, disk.top, 'backups', plan, { removed: 0, restored: 0, left: 0 }, never);
  expect(await readTree(disk.mirror)).toEqual(before);
});

it('without a history, what the server no longer has goes first, within the limits of the guard', async () => {
  await rm(join(disk.source, 'projects/2024/raw'), { recursive: true });
  for (let index = 0; index < 20; index += 1)
    await writeFile(join(disk.source, 'projects/2024', `film-${String(index)}`), Buffer.alloc(1_100_000, 'b'));
  const settings = { history: { enabled: false } };
  await expect(disk.pull({ settings })).rejects.toMatchObject({ code: 'EXB_HELD' });
  expect(await readdir(join(disk.mirror, 'projects/2024/raw'))).toHaveLength(20);
  await disk.pull({ settings: { ...settings, guard: { deletedBytes: '100%' } } });
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
});

it('only a file of the same name and size is taken for a renamed one, the most similar path first', () => {
  const named = (path: string, size: number) => ({ path: Buffer.from(path), size });
  const doomed = [named('a/x/photo', 9_000), named('a/y/photo', 9_000), named('a/tiny', 10)];
  const coming = [named('b/y/photo', 9_000), named('b/photo2', 9_000), named('b/x/photo', 9_001), named('b/tiny', 10)];
  expect(pairRenamed(coming, doomed)).toEqual([{ ...coming[0], from: doomed[1]?.path }]);
});
