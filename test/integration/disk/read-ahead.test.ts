import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metadataOf, readAhead } from '../../../src/disk/read-ahead.ts';

/** A file system with 60 directories of 20 empty files; so every block below the root is one of a directory. */
let directory: string;
let image: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-ahead-'));
  image = join(directory, 'image');
  const tree = join(directory, 'tree');
  for (let folder = 0; folder < 60; folder += 1) {
    mkdirSync(join(tree, `d${String(folder)}`), { recursive: true });
    for (let file = 0; file < 20; file += 1) writeFileSync(join(tree, `d${String(folder)}/file-${String(file)}`), '');
  }
  makeImage(image, '600M', '-t', 'ext4', '-d', tree);
});
afterAll(() => rm(directory, { recursive: true }));

function makeImage(file: string, size: string, ...args: readonly string[]): void {
  execFileSync('/usr/bin/truncate', ['-s', size, file]);
  execFileSync('/usr/sbin/mke2fs', ['-q', ...args, file]);
}

const copyImage = (file: string): Buffer => execFileSync('/usr/bin/cp', ['--sparse=always', image, file]);

async function rangesOf(file: string): Promise<{ position: number; bytes: number }[]> {
  const handle = await open(file, 'r');
  try {
    const ranges = [];
    for await (const range of metadataOf(handle)) ranges.push(range);
    return ranges;
  } finally {
    await handle.close();
  }
}

/** What e2fsprogs says, by commands of debugfs(8). */
const debugfs = (file: string, commands: readonly string[]): string =>
  execFileSync('/usr/sbin/debugfs', ['-f', '-', file], {
    input: commands.join('\n'),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });

const paths = Array.from({ length: 60 }, (_, index) => [`/d${String(index)}`, `/d${String(index)}/file-19`]).flat();

it.each(['4096', '1024'])('all inodes and directories are read, and little else; blocks of %s bytes', async (size) => {
  const file = size === '4096' ? image : join(directory, 'small-blocks');
  if (file !== image) makeImage(file, '600M', '-t', 'ext4', '-b', size, '-d', join(directory, 'tree'));
  const ranges = await rangesOf(file);
  const isRead = (block: number): boolean =>
    ranges.some(
      ({ position, bytes }) => block * Number(size) >= position && (block + 1) * Number(size) <= position + bytes,
    );
  const inodes = [
    ...debugfs(
      file,
      paths.map((path) => `imap ${path}`),
    ).matchAll(/located at block (\d+)/g),
  ];
  expect(inodes).toHaveLength(paths.length);
  expect(inodes.filter(([, block]) => !isRead(Number(block)))).toEqual([]);
  const folders = paths.filter((path) => !path.includes('file')).map((path) => `blocks ${path}`);
  const blocks = [...debugfs(file, folders).matchAll(/^(\d+) *$/gm)];
  expect(blocks.length).toBeGreaterThanOrEqual(60);
  expect(blocks.filter(([, block]) => !isRead(Number(block)))).toEqual([]);
  expect(ranges.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(4_000_000);
});

it('in the order of the disk', async () => {
  const positions = (await rangesOf(image)).map(({ position }) => position);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
});

it('blocks of files in the place of directories are not read', async () => {
  const file = join(directory, 'files');
  const tree = join(directory, 'few');
  for (let folder = 0; folder < 10; folder += 1) mkdirSync(join(tree, `d${String(folder)}`), { recursive: true });
  writeFileSync(join(tree, 'large'), Buffer.alloc(8_000_000, 1));
  makeImage(file, '600M', '-t', 'ext4', '-d', tree);
  expect((await rangesOf(file)).reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(2_000_000);
});

describe('nothing is read, and nothing fails,', () => {
  it('where the file system is another one', async () => {
    const file = join(directory, 'other');
    makeImage(file, '64M', '-t', 'ext2');
    expect(await rangesOf(file)).toEqual([]);
  });

  it.each([
    ['a block size', 0x18, 40],
    ['blocks of a group', 0x20, 0xffffffff],
    ['inodes of a group', 0x28, 0xffffffff],
    ['blocks of the disk', 0x150, 0xffffffff],
  ])('where somebody changed %s', async (_, at, value) => {
    const file = join(directory, 'changed');
    copyImage(file);
    const handle = await open(file, 'r+');
    const number = Buffer.alloc(4);
    number.writeUInt32LE(value);
    await handle.write(number, 0, 4, 1024 + at);
    await handle.close();
    expect(await rangesOf(file)).toEqual([]);
    await readAhead(file).end();
  });

  it('where the disk does not answer: its end is not waited for', async () => {
    const silent = join(directory, 'silent'); // opening it waits for somebody who writes
    execFileSync('/usr/bin/mkfifo', [silent]);
    await readAhead(silent, 50).end();
    const writer = await open(silent, 'w'); // lets the reader go
    await writer.close();
  });

  it('where the disk ends early, or is away', async () => {
    const file = join(directory, 'short');
    copyImage(file);
    await truncate(file, 3_000);
    await readAhead(file).end();
    await readAhead(join(directory, 'none')).end();
  });
});
