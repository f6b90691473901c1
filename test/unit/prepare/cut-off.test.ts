import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noted, tidyUpCutOff } from '../../../src/prepare/cut-off.ts';
import { checkHeaderTarget, copyHeader } from '../../../src/prepare/header-copy.ts';
import type { StartProgram } from '../../../src/system/command.ts';
import type { Paths } from '../../../src/system/paths.ts';

let directory: string;
let paths: Paths;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cut-off-'));
  paths = {
    config: directory,
    etc: directory,
    state: directory,
    run: directory,
    ramfs: directory,
    plaintext: directory,
  };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** lsblk's answer for one disk. */
const lsblk =
  (path: string): StartProgram =>
  () =>
    Promise.resolve({
      exitCode: 0,
      stderr: '',
      stdout: JSON.stringify({ blockdevices: [{ kname: path.slice(5), path, type: 'disk', size: 1 }] }),
    });
const what = { label: 'BACKUP_1', device: '/dev/sdb' };

describe('a preparation', () => {
  it('that ended, well or not, leaves nothing to tell', async () => {
    await noted(paths, what, () => Promise.resolve());
    await expect(noted(paths, what, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await readdir(directory)).toEqual([]);
    expect(await tidyUpCutOff(lsblk('/dev/sdb'), paths, '/dev/sdb')).toEqual([]);
  });

  it('that was cut off is told of, until one ends', async () => {
    await noted(paths, what, async () => {
      expect(await tidyUpCutOff(lsblk('/dev/sdb'), paths, '/dev/sdb')).toEqual([
        expect.stringMatching(/^The preparation of BACKUP_1 on \/dev\/sdb, begun .* UTC, was interrupted/),
      ]);
    });
    expect(await tidyUpCutOff(lsblk('/dev/sdb'), paths, '/dev/sdb')).toEqual([]);
  });

  it('that was cut off lets nobody at the disk while a program of it still works', async () => {
    await noted(paths, what, async () => {
      await expect(tidyUpCutOff(lsblk('/dev/null'), paths, '/dev/null', 0)).rejects.toMatchObject({
        exitCode: 11,
        message: expect.stringContaining('still running on /dev/null') as string,
      });
    });
  });

  it('whose note is torn counts as none', async () => {
    await writeFile(join(directory, 'preparing.json'), '{"ver');
    expect(await tidyUpCutOff(lsblk('/dev/sdb'), paths, '/dev/sdb')).toEqual([]);
  });
});

describe('the copy of a LUKS header', () => {
  const saves: StartProgram = async ({ args }) => {
    await writeFile(args[args.indexOf('--header-backup-file') + 1] ?? '', 'header');
    return { exitCode: 0, stdout: '', stderr: '' };
  };

  it('needs a new file in a directory that is there', async () => {
    await writeFile(join(directory, 'there'), '');
    await expect(checkHeaderTarget(lsblk('/dev/sdb'), join(directory, 'there'))).rejects.toThrow('exists already');
    await expect(checkHeaderTarget(lsblk('/dev/sdb'), join(directory, 'no', 'where'))).rejects.toThrow(
      'cannot be written to',
    );
  });

  it('goes to standard output without staying anywhere here', async () => {
    const out: string[] = [];
    await copyHeader(
      saves,
      paths,
      '/dev/sdb1',
      '-',
      (bytes) => {
        out.push(Buffer.from(bytes).toString());
        return Promise.resolve();
      },
      new AbortController().signal,
    );
    expect(out).toEqual(['header']);
    expect(await readdir(directory)).toEqual([]);
  });
});
