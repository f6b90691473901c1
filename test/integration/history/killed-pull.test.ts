import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partialDir } from '../../../src/rsync/arguments.ts';
import { unfinishedDirectory } from '../../../src/rsync/unfinished.ts';
import { openDisk, readTree, type DiskAndServer } from './a-disk.ts';

/** What an rsync that is killed at once leaves of the file in hand lies where nothing else does, and goes with the next run. */
let disk: DiskAndServer;
beforeEach(async () => {
  disk = await openDisk();
  await mkdir(join(disk.source, 'docs'));
  // Names as rsync gives them to what it has in hand, of the server's own.
  await writeFile(join(disk.source, 'docs/.large.Q3kx9Z'), 'of the server');
  await writeFile(join(disk.source, '.docs.a1B2c3'), 'of the server, too');
});
afterEach(() => disk.remove());

const large = (): string => join(disk.source, 'docs/large');
const unfinished = (): Promise<string[]> => readdir(join(disk.top, unfinishedDirectory)).catch(() => []);
const history = async (): Promise<string[]> =>
  [...(await readTree(join(disk.top, 'history')).catch(() => new Map<string, string>())).entries()]
    .filter(([, what]) => what !== 'directory')
    .map(([path]) => path.replace(/^[^/]+\//, ''));

/** Kills every rsync of this pull when some of the large file has come. */
async function killPull(signal: 'KILL' | 'TERM'): Promise<void> {
  const before = await unfinished();
  const ended = disk.pull({ settings: { pull: { retries: 0, bandwidthLimit: 2_000, compress: 'never' } } }).then(
    () => 'complete',
    () => 'cut off',
  );
  const came = async (): Promise<boolean> => {
    for (const name of (await unfinished()).filter((one) => !before.includes(one)))
      if ((await stat(join(disk.top, unfinishedDirectory, name)).catch(() => ({ size: 0 }))).size > 500_000)
        return true;
    return false;
  };
  while (!(await came())) await new Promise((resolve) => setTimeout(resolve, 20));
  await promisify(execFile)('/usr/bin/pkill', [`-${signal}`, '-f', `^/usr/bin/rsync .* ${disk.mirror}/$`]);
  expect(await ended).toBe('cut off');
}

/** The mirror is the source, and nothing of a killed rsync is left anywhere. */
async function expectClean(): Promise<void> {
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
  expect(await unfinished()).toEqual([]);
}

describe('an rsync that is killed in the midst of a file', () => {
  it('in the first copy leaves nothing in the mirror, and the next run nothing at all', async () => {
    await writeFile(large(), Buffer.alloc(8_000_000, 'n'));
    await killPull('KILL');
    expect(await unfinished()).toHaveLength(1);
    expect(await readdir(join(disk.mirror, 'docs'))).not.toContain('large');
    await disk.pull();
    await expectClean();
    expect(await history()).toEqual([]);
  });

  it('three times, while it replaces a file, keeps the former one, and only that', async () => {
    await writeFile(large(), 'as it was');
    await disk.pull();
    await writeFile(large(), Buffer.alloc(8_000_000, 'n'));
    for (let time = 1; time <= 3; time += 1) {
      await killPull('KILL');
      expect(await unfinished()).toHaveLength(1);
    }
    expect(await readFile(join(disk.mirror, 'docs/large'), 'utf8')).toBe('as it was');
    await disk.pull();
    await expectClean();
    expect(await history()).toEqual(['docs/large']);
  });

  it('costs no file of the server that is called as rsync calls what it has in hand', async () => {
    await disk.pull();
    await writeFile(large(), Buffer.alloc(8_000_000, 'n'));
    await writeFile(join(disk.source, 'docs/.large.zZ9yY8'), 'came in the same run');
    await killPull('KILL');
    await disk.pull();
    await expectClean();
    await rm(join(disk.source, 'docs/.large.Q3kx9Z'));
    await disk.pull();
    await expectClean();
    expect(await history()).toEqual(['docs/.large.Q3kx9Z']);
  });

  it('in order keeps what came of it beside the mirror, and the next run goes on with it', async () => {
    await writeFile(large(), Buffer.alloc(8_000_000, 'n'));
    await killPull('TERM');
    expect(await unfinished()).toEqual([]);
    expect(await readdir(join(disk.mirror, 'docs', partialDir))).toEqual(['large']);
    disk.record = { ...disk.record, lastError: 'EXB_CUT_OFF' };
    await disk.pull();
    await expectClean();
    expect(await history()).toEqual([]);
  });
});
