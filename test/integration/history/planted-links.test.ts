import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checksumDirectory, openChecksums } from '../../../src/verify/checksum-store.ts';
import { writeSeal } from '../../../src/prepare/fresh-content.ts';
import { readInside } from '../../../src/prepare/adopt-drive.ts';
import { readLogBackwards } from '../../../src/history/change-log.ts';
import { startProgram } from '../../../src/system/command.ts';
import { noHelpers } from '../../fakes/no-helpers.ts';
import { createMachine } from '../../../src/pipeline/real-machine.ts';
import { ownDirectory } from '../../../src/disk/own-directory.ts';
import { defaultPaths } from '../../../src/system/paths.ts';
import { openDisk, readTree, type DiskAndServer } from './a-disk.ts';

/** Whoever had a disk in his hands may have put links in the place of our directories: nothing leads out of the disk. */
let disk: DiskAndServer;
let outside: string;
beforeEach(async () => {
  disk = await openDisk();
  outside = await mkdtemp(join(tmpdir(), 'extbackup-outside-'));
  await writeFile(join(outside, 'hosts'), 'as it was');
  await writeFile(join(disk.source, 'file'), 'new');
});
afterEach(async () => {
  await disk.remove();
  await rm(outside, { recursive: true });
});

const untouched = async (): Promise<void> => {
  expect(await readdir(outside)).toEqual(['hosts']);
  expect(await readFile(join(outside, 'hosts'), 'utf8')).toBe('as it was');
};
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
const refused = expect.objectContaining({ code: 'EXB_STRANGE_INSIDE', exitCode: 10 }) as unknown;
const machine = () => createMachine(startProgram, { ...defaultPaths, plaintext: disk.top }, noHelpers(startProgram));

it.each([
  'backups',
  'history',
  '.extbackup',
  '.extbackup/history',
  '.extbackup-work/unfinished',
  '.extbackup-work/replacements',
])('a pull does not follow a link in place of %s', async (name) => {
  if (name.includes('/')) await mkdir(join(disk.top, dirname(name)));
  await symlink(outside, join(disk.top, name));
  await expect(disk.pull()).rejects.toEqual(refused);
  await untouched();
});

it('old history is not removed through a link', async () => {
  await mkdir(join(outside, '20200101T000000Z'));
  await symlink(outside, join(disk.top, 'history'));
  await expect(
    machine().pruneHistory(
      { rule: { now: new Date(), count: 1, age: 1, minFree: 1, atLeast: 0, perRun: 1 }, position: 1 },
      new AbortController().signal,
    ),
  ).rejects.toEqual(refused);
  expect(await readdir(outside)).toHaveLength(2);
});

it('neither seal, log nor report is read or written through a link', async () => {
  await symlink(outside, join(disk.top, '.extbackup'));
  await expect(machine().readInside('.extbackup/seal.json')).rejects.toEqual(refused);
  await expect(machine().writeInside('.extbackup/seal.json', '{}')).rejects.toEqual(refused);
  await expect(
    writeSeal(disk.top, {
      version: 1,
      sealedId: disk.record.sealedId,
      luksUuid: 'u',
      label: 'BACKUP_1',
      generation: 1,
    }),
  ).rejects.toEqual(refused);
  await expect(readInside(disk.top, 'BACKUP_1')).rejects.toEqual(refused);
  await untouched();
});

it('a file is replaced where it stands, whatever its unfinished copy leads to', async () => {
  await ownDirectory(disk.top, '.extbackup');
  const seal = join(disk.top, '.extbackup/seal.json');
  await symlink(join(outside, 'hosts'), seal);
  await symlink(join(outside, 'hosts'), `${seal}.new`);
  await symlink(join(outside, 'hosts'), join(disk.top, 'LABEL'));
  expect(await machine().readInside('LABEL')).toBeUndefined();
  expect(await machine().readInside('.extbackup/seal.json')).toBeUndefined();
  await machine().writeInside('.extbackup/seal.json', 'sealed');
  expect(await machine().readInside('.extbackup/seal.json')).toBe('sealed');
  await expect(machine().stamp(new Date())).rejects.toThrow('ELOOP');
  await untouched();
});

it('a pipe in place of a file keeps nobody waiting', async () => {
  await ownDirectory(disk.top, '.extbackup/history');
  await ownDirectory(disk.top, checksumDirectory);
  const pipes = [
    '.extbackup/seal.json',
    '.extbackup/seal.json.new',
    `${checksumDirectory}/index.json`,
    '.extbackup/history/20200101T000000Z.log',
    'LABEL',
  ].map((name) => join(disk.top, name));
  await promisify(execFile)('/usr/bin/mkfifo', pipes);
  expect(await machine().readInside('LABEL')).toBeUndefined();
  await machine().writeInside('.extbackup/seal.json', 'sealed');
  expect(await machine().readInside('.extbackup/seal.json')).toBe('sealed');
  expect(await (await openChecksums(disk.top)).find('a')).toBeUndefined();
  expect(await all(readLogBackwards(join(disk.top, '.extbackup/history/20200101T000000Z.log')))).toEqual([]);
});

it('what belongs there is used', async () => {
  await disk.pull();
  expect([...(await readTree(disk.mirror)).keys()]).toEqual(['file']);
});
