import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
const settings = { attestation: { id: 'main-backup' } };
const beat = (daysAgo = 0) =>
  `main-backup\n${new Date(Date.now() - daysAgo * 86_400_000).toISOString().replace(/\.\d+/, '')}\n`;
const file = () => join(disk.source, '.extbackup-heartbeat');
const held = async (attestation: string, of: object = settings): Promise<void> => {
  const before = await readTree(disk.top);
  await expect(disk.pull({ settings: of })).rejects.toMatchObject({ code: 'EXB_HELD', facts: { attestation } });
  for (const name of ['.extbackup', '.extbackup-work', 'history']) before.set(name, 'directory');
  expect(new Map([...(await readTree(disk.top))].sort())).toEqual(new Map([...before].sort()));
};
beforeEach(async () => {
  disk = await openDisk();
  await fill(disk.source, 20);
});
afterEach(() => disk.remove());

describe("the server's heartbeat", () => {
  it('lets a run go on when it is fresh, and is part of the copy', async () => {
    await writeFile(file(), beat());
    await disk.pull({ settings });
    expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
    expect(await readdir(join(disk.top, '.extbackup'))).not.toContain('fetched');
  });

  it('holds the run before anything is changed, and no more when it is fresh again', async () => {
    await held('missing');
    await writeFile(file(), beat(10));
    await held('stale');
    await writeFile(file(), beat(-1));
    await held('ahead');
    await writeFile(file(), beat().replace('main', 'some-other'));
    await held('foreign');
    await writeFile(file(), beat());
    expect((await disk.pull({ settings })).complete).toBe(true);
  });

  it('is a small plain file and nothing else', async () => {
    await writeFile(file(), `${beat()}${' '.repeat(5_000_000)}`);
    await held('missing');
    await rm(file());
    await writeFile(join(disk.source, 'elsewhere'), beat());
    await symlink('elsewhere', file());
    await held('missing');
    await rm(file());
    await mkdir(file());
    await writeFile(join(file(), 'inside'), beat());
    await held('missing');
    await rm(file(), { recursive: true });
    expect(spawnSync('/usr/bin/mkfifo', [file()]).status).toBe(0);
    await held('missing');
  });

  it('may be in a directory, also when only another one is backed up', async () => {
    await mkdir(join(disk.source, 'signs'));
    await writeFile(join(disk.source, 'signs/of-life'), beat());
    const elsewhere = {
      source: 'extbackup@backup:folder-1',
      attestation: { id: 'main-backup', file: 'signs/of-life' },
    };
    await disk.pull({ settings: elsewhere });
    expect(await readTree(disk.mirror)).toEqual(await readTree(join(disk.source, 'folder-1')));
    await rm(join(disk.source, 'signs/of-life'));
    await held('missing', elsewhere);
    await rm(join(disk.source, 'signs'), { recursive: true });
    await expect(disk.pull({ settings: elsewhere })).rejects.toMatchObject({ code: 'EXB_NO_SOURCE' });
  });

  it('is never put outside of the disk by a link that somebody planted there', async () => {
    await writeFile(file(), beat());
    for (const name of ['.extbackup', '.extbackup-work']) await mkdir(join(disk.top, name));
    const outside = join(disk.top, '../outside');
    await mkdir(outside);
    await writeFile(join(outside, 'kept'), 'kept');
    await symlink(outside, join(disk.top, '.extbackup-work/fetched'));
    await disk.pull({ settings });
    expect(await readdir(outside)).toEqual(['kept']);
    await rm(join(disk.top, '.extbackup'), { recursive: true });
    await symlink(outside, join(disk.top, '.extbackup'));
    await expect(disk.pull({ settings })).rejects.toMatchObject({ code: 'EXB_STRANGE_INSIDE' });
    expect(await readdir(outside)).toEqual(['kept']);
  });
});
