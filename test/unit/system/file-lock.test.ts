import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isLocked, lockFile, parseLocks, type FileLock } from '../../../src/system/file-lock.ts';

let directory = '';
let file = '';
let own: FileLock | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
  file = join(directory, 'device.lock');
  own = await lockFile(join(directory, 'agent.lock'));
});
afterEach(async () => {
  await own?.release();
  await rm(directory, { recursive: true });
});

/** A list of locks in the kernel's form, with these files in it. */
async function aList(...locked: readonly string[]): Promise<string> {
  const list = join(directory, 'locks');
  const real = [...(await readFile('/proc/locks', 'utf8')).matchAll(/ ([0-9a-f]+:[0-9a-f]+:)\d+ /g)];
  const inodes = await Promise.all(locked.map(async (path) => (await stat(path)).ino));
  const lines = inodes.flatMap((inode) =>
    real.map(([, device = '']) => `1: FLOCK  ADVISORY  WRITE 99 ${device}${String(inode)} 0 EOF`),
  );
  await writeFile(list, lines.join('\n'));
  return list;
}

test('a lock is seen while it is held, and not before or afterwards', async () => {
  expect(await isLocked(file)).toBe(false);
  const lock = await lockFile(file);
  expect(await isLocked(file)).toBe(true);
  await lock?.release();
  expect(await isLocked(file)).toBe(false);
});

test('the list of the kernel decides, if it has the locks of this process', async () => {
  const agentLock = join(directory, 'agent.lock');
  const other = execa('/usr/bin/flock', [file, '/usr/bin/sh', '-c', 'echo locked; cat'], { reject: false });
  await once(other.stdout, 'data');
  expect(await isLocked(file)).toBe(true);
  expect(await isLocked(file, await aList(agentLock))).toBe(false); // it is not tried
  other.stdin.end();
  await other;
  expect(await isLocked(file, await aList(agentLock, file))).toBe(true);
});

test('a list with gaps is not believed: the lock is tried', async () => {
  const gaps = await aList();
  expect(await isLocked(file, gaps)).toBe(false);
  const lock = await lockFile(file);
  expect(await isLocked(file, gaps)).toBe(true);
  await lock?.release();
  expect(await isLocked(file, join(directory, 'no-such-list'))).toBe(false);
});

test('only locks of flock that are held count, not those that somebody waits for', () => {
  const list = `1: OFDLCK ADVISORY  READ -1 fe:00:2171015 203 203
2: FLOCK  ADVISORY  WRITE 1234 00:19:1038 0 EOF
2: -> FLOCK  ADVISORY  WRITE 1235 00:19:1039 0 EOF
3: POSIX  ADVISORY  WRITE 1236 00:19:1040 0 EOF`;
  expect([...parseLocks(list)]).toEqual(['00:19:1038']);
});
