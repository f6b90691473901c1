import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planRollback, rollBack } from '../../../src/restore/roll-back.ts';
import { HeldError, holdSchema } from '../../../src/guard/hold.ts';
import { listHistory } from '../../../src/history/history-entry.ts';
import { startProgram } from '../../../src/system/command.ts';
import { fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
const never = new AbortController().signal;
const at = (name: string, directory = name, more: object = {}) => ({
  name,
  source: `extbackup@backup:${directory}`,
  ...more,
});
const treeOf = (name: string): Promise<Map<string, string>> => readTree(join(disk.mirror, name));
const held = (): Promise<string> => readFile(join(disk.top, '.extbackup/held.txt'), 'utf8');

beforeEach(async () => {
  disk = await openDisk();
  for (const name of ['a', 'b', 'c']) await fill(join(disk.source, name), 150);
});
afterEach(() => disk.remove());

it('each source has its own directory in the mirror and in the history', async () => {
  expect((await disk.pullAll([at('office', 'a'), at('photos', 'b', { exclude: ['/folder-1'] })])).outcomes).toEqual([
    'office success',
    'photos success',
  ]);
  expect((await readdir(disk.mirror)).sort()).toEqual(['office', 'photos']);
  expect(await treeOf('office')).toEqual(await readTree(join(disk.source, 'a')));
  expect(await readdir(join(disk.mirror, 'photos'))).not.toContain('folder-1');
  await writeFile(join(disk.source, 'b/folder-0/file-0'), 'longer than it was before');
  await rm(join(disk.source, 'b/folder-0/file-5'));
  await disk.pullAll([at('office', 'a'), at('photos', 'b', { exclude: ['/folder-1'] })]);
  const kept = (await listHistory(disk.top)).map(({ directory }) =>
    readTree(directory).then(
      (tree) => [...tree.keys()],
      () => [],
    ),
  );
  expect(
    (await Promise.all(kept))
      .flat()
      .filter((path) => path.includes('file'))
      .sort(),
  ).toEqual(['photos/folder-0/file-0', 'photos/folder-0/file-5']);
});

it('one that fails, one that is empty and one that is held leave the others alone, and lose nothing', async () => {
  const sources = [at('a'), at('b'), at('c')];
  expect((await disk.pullAll(sources)).failure).toBeUndefined();
  const [a, b] = [await treeOf('a'), await treeOf('b')];
  for (let index = 0; index < 150; index += 1) await rm(join(disk.source, 'b', `folder-${index % 5}/file-${index}`)); // emptied
  for (let index = 0; index < 120; index += 1) await rm(join(disk.source, 'a', `folder-${index % 5}/file-${index}`)); // far too much
  await writeFile(join(disk.source, 'c/new'), 'new');
  const { outcomes, failure } = await disk.pullAll([...sources, { name: 'far', source: 'extbackup@down' }]);
  expect(outcomes).toEqual(['a held', 'b failure', 'c success', 'far failure']);
  expect(failure).toMatchObject({ code: 'EXB_HELD', exitCode: 14 });
  expect(failure?.message).toMatch(
    /3 of 4 sources are not complete.*a: \d+ % of files deleted \(120\).*b: .*is empty.*far: .*could not be reached.*Complete: c/,
  );
  const files = (tree: Map<string, string>): string[] =>
    [...tree].filter(([, what]) => what !== 'directory').map(([name, what]) => `${name} ${what}`);
  expect(files(await treeOf('a'))).toEqual(files(a));
  expect(files(await treeOf('b'))).toEqual(files(b));
  expect((await treeOf('c')).has('new')).toBe(true);
  expect(await held()).toMatch(/^Source a:$[^]*120[^]*folder-1/m);
});

it('a disk of a single source is refused as it is, and taken when its copy was moved to where a source belongs', async () => {
  await disk.pull();
  const [before, inside] = [await readTree(disk.mirror), await readTree(disk.top)];
  const wanted = [at('office', 'a'), at('photos', 'b')];
  expect((await disk.pullAll(wanted)).failure).toMatchObject({ code: 'EXB_LAYOUT' });
  expect(await readTree(disk.top)).toEqual(inside);
  await rename(disk.mirror, join(disk.top, 'whole'));
  await mkdir(disk.mirror);
  await rename(join(disk.top, 'whole'), join(disk.mirror, 'whole'));
  const { outcomes } = await disk.pullAll([...wanted, at('whole', '')]);
  expect(outcomes).toEqual(['office success', 'photos success', 'whole success']);
  expect(await treeOf('whole')).toEqual(before);
  expect(await listHistory(disk.top)).toHaveLength(3); // the single one, and one for each that was new: nothing was copied twice
});

it('a source that is taken out of the settings stays on the disk, and a renamed one is not copied again', async () => {
  await disk.pullAll([at('a'), at('b')]);
  const b = await treeOf('b');
  const { failure, warnings } = await disk.pullAll([at('a')]);
  expect(failure).toBeUndefined();
  expect(warnings).toEqual([expect.stringContaining('still holds the copy of b') as string]);
  expect((await disk.pullAll([at('a'), at('c', 'b')])).failure).toMatchObject({ code: 'EXB_LAYOUT' });
  expect(await treeOf('b')).toEqual(b);
  await rename(join(disk.mirror, 'b'), join(disk.mirror, 'c'));
  const history = await listHistory(disk.top);
  expect((await disk.pullAll([at('a'), at('c', 'b')])).failure).toBeUndefined();
  expect(await treeOf('c')).toEqual(b);
  expect(await listHistory(disk.top)).toEqual(history);
});

it('a disk of several sources never takes a single one', async () => {
  await disk.pullAll([at('a'), at('b')]);
  expect(await readFile(join(disk.top, '.extbackup/layout.json'), 'utf8')).toContain('"name":"a"');
  const planted = await readTree(disk.mirror);
  expect((await disk.pullAll(undefined, { source: 'extbackup@backup' })).failure).toMatchObject({ code: 'EXB_LAYOUT' });
  expect(await readTree(disk.mirror)).toEqual(planted);
});

it('what a held source has changed is rolled back, although all of them together were never complete', async () => {
  const far = { name: 'far', source: 'extbackup@down' };
  expect((await disk.pullAll([at('a'), far])).outcomes).toEqual(['a success', 'far failure']);
  const before = await treeOf('a');
  for (let index = 0; index < 140; index += 1)
    await writeFile(
      join(disk.source, 'a', `folder-${index % 5}/file-${index}`),
      `encrypted ${index}, and of another size`,
    );
  const began = new Date().toISOString();
  const { failure } = await disk.pullAll([at('a'), far]);
  if (!(failure instanceof HeldError)) throw new Error('it was not held');
  expect(await treeOf('a')).not.toEqual(before);
  const hold = holdSchema.parse({
    runId: 'r',
    at: began,
    reason: failure.message,
    counts: failure.facts.counts,
    sources: failure.facts.sources,
  });
  const plan = await planRollback(disk.top, { ...disk.record, hold }, undefined, never);
  if (plan === undefined) throw new Error('there is nothing to undo');
  await rollBack(startProgram, disk.top, 'backups', plan, { removed: 0, restored: 0, left: 0 }, never);
  expect(await treeOf('a')).toEqual(before);
});
