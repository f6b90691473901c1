import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDisk, type DiskAndServer } from '../history/a-disk.ts';

/** Names that rsync could take for something else where they stand in its rules. */
const odd = [
  '#a',
  ';b',
  '_c',
  '!d',
  '-e',
  '+f',
  ',g',
  'h i',
  ' j',
  'k ',
  's l',
  'C',
  ':m',
  '.n',
  '~o',
  '$p',
  "q'",
  'r"',
];

let disk: DiskAndServer;
const write = async (content: string): Promise<void> => {
  for (const name of [...odd, 'stays']) {
    await writeFile(join(disk.source, name), content);
    await utimes(join(disk.source, name), 1_700_000_000, 1_700_000_000);
  }
};

beforeEach(async () => {
  disk = await openDisk();
  await mkdir(join(disk.source, 'directory'));
  await write('one');
});
afterEach(() => disk.remove());

it.each(odd)('%j is excluded, and nothing else', async (name) => {
  await disk.pull({ settings: { pull: { exclude: [name], retries: 0 } } });
  const expected = [...odd.filter((other) => other !== name), 'directory', 'stays'].sort();
  expect((await readdir(disk.mirror)).sort()).toEqual(expected);
});

it('is compared by content, and nothing else', async () => {
  await disk.pull();
  await write('two');
  await disk.pull({ settings: { pull: { compare: { checksum: odd }, retries: 0 } } });
  for (const name of odd) expect([name, await readFile(join(disk.mirror, name), 'utf8')]).toEqual([name, 'two']);
  expect(await readFile(join(disk.mirror, 'stays'), 'utf8')).toBe('one');
});
