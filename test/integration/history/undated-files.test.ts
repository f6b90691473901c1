import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mostBytes } from '../../../src/rsync/undated.ts';
import { openDisk, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
let warnings: string[];
const names = ['1601', '2500', 'odd [name]* of 1601', 'näme\n1601'];
const asLatin1 = (name: string): string => Buffer.from(name).toString('latin1');
const settings = { guard: { enabled: false } };

beforeEach(async () => {
  // On a disk: a file system in memory holds every date.
  disk = await openDisk('/var/tmp');
  warnings = [];
  execFileSync('/usr/bin/mount', ['-t', 'tmpfs', 'none', disk.source]); // which holds such dates
  await write('usual', 'usual', 1_700_000_000);
  for (const name of names) await write(name, `content of ${name}`);
});
afterEach(async () => {
  execFileSync('/usr/bin/umount', [disk.source]);
  await disk.remove();
});

async function write(name: string, content: string, seconds?: number): Promise<void> {
  const file = join(disk.source, name);
  await writeFile(file, content);
  const at = seconds ?? (name === '2500' ? Date.UTC(2500, 0) : Date.UTC(1601, 0)) / 1000;
  execFileSync('/usr/bin/touch', [`--date=@${String(at)}`, file]); // Node makes today of what is before 1970
}
const pull = () =>
  disk.pull({
    settings,
    onWarning: (reason) => {
      warnings.push(reason);
    },
  });
const inHistory = async (): Promise<string[]> =>
  (await readdir(join(disk.top, 'history'), { recursive: true, withFileTypes: true }))
    .filter((item) => item.isFile())
    .map(({ name }) => name);

it('files of 1601 and 2500 are copied once, told once, and count as files of the source', async () => {
  expect((await stat(join(disk.source, '1601'))).mtimeMs).toBe(Date.UTC(1601, 0)); // else this shows nothing
  expect((await pull()).figures).toMatchObject({ filesTotal: 5, filesTransferred: 5 });
  expect(warnings).toEqual([expect.stringMatching(/cannot hold the dates of 4 files/)]);
  for (let run = 2; run <= 3; run += 1)
    expect((await pull()).figures).toMatchObject({ filesTotal: 5, filesTransferred: 0, filesDeleted: 0 });
  expect(warnings).toHaveLength(1);
  expect(await inHistory()).toEqual([]);
});

it('another content, size kept, is copied, and the old one is in the history', async () => {
  await pull();
  await write('2500', 'CONTENT of 2500');
  expect((await pull()).figures).toMatchObject({ filesTransferred: 1 });
  expect(execFileSync('/usr/bin/cat', [join(disk.mirror, '2500')], { encoding: 'utf8' })).toBe('CONTENT of 2500');
  expect(await inHistory()).toEqual(['2500']);
});

it('one that the server lost goes to the history in the same run', async () => {
  await pull();
  await rm(join(disk.source, 'odd [name]* of 1601'));
  await pull();
  expect((await readdir(disk.mirror)).sort()).toEqual((await readdir(disk.source)).sort());
  expect(await inHistory()).toContain('odd [name]* of 1601');
});

it('one that gets a right date is a file like any other', async () => {
  await pull();
  await write('1601', 'content of 1601', 1_600_000_000);
  await pull();
  expect((await stat(join(disk.mirror, '1601'))).mtimeMs).toBe(1_600_000_000_000);
  await write('1601', 'other text 1601', 1_650_000_000);
  expect((await pull()).figures).toMatchObject({ filesTransferred: 1 });
});

it('a source with nothing else is not taken for an empty one', async () => {
  await rm(join(disk.source, 'usual'));
  await pull();
  expect((await pull()).figures).toMatchObject({ filesTotal: 4, filesTransferred: 0 });
});

it('a list that is too long, or no plain file, counts as none and is written anew', async () => {
  await pull();
  const list = join(disk.top, '.extbackup/undated/all.list');
  const own = await readFile(list, 'latin1');
  expect(own.split('\0').filter(Boolean).sort()).toEqual(names.map(asLatin1).sort());
  const readAgain = async (): Promise<void> => {
    expect((await pull()).figures).toMatchObject({ filesTotal: 5, filesTransferred: 4 });
    expect((await pull()).figures).toMatchObject({ filesTotal: 5, filesTransferred: 0 });
    expect((await readFile(list, 'latin1')).length).toBe(own.length);
  };
  await truncate(list, mostBytes + 1); // the names are still at its beginning
  await readAgain();
  await rm(list);
  await symlink('/dev/zero', list);
  await readAgain();
});
