import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';

/** Whole pulls, compressed or not, and what the station remembers of the link. */
let disk: DiskAndServer;
beforeEach(async () => {
  disk = await openDisk();
  await fill(disk.source, 50);
  writeFileSync(join(disk.source, 'letters'), 'dear Ann, dear Bert, dear Cleo\n'.repeat(20_000));
});
afterEach(() => disk.remove());

const compressed = (): boolean[] => disk.rsyncs.map((args) => args.includes('--compress-choice=zstd'));
const expectEqual = async (): Promise<void> => {
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
};

it('a pull with a low bandwidth limit is compressed, deletes and keeps history as any other', async () => {
  const settings = { pull: { retries: 0, bandwidthLimit: 5_000 } };
  const { figures } = await disk.pull({ settings });
  expect(figures.bytesTransferred).toBeGreaterThan(600_000);
  expect(figures.bytesReceived).toBeLessThan(100_000);
  await rm(join(disk.source, 'folder-0/file-0'));
  writeFileSync(join(disk.source, 'letters'), 'dear Dora, dear Emil\n'.repeat(20_000));
  const second = await disk.pull({ settings });
  expect(second.figures).toMatchObject({ filesDeleted: 1, filesTransferred: 1 });
  expect(compressed().filter(Boolean)).toHaveLength(2);
  await expectEqual();
});

it('a server that refuses is pulled from without compression at once, and is not asked again', async () => {
  const shell = join(disk.top, '../shell');
  const refusing = `#!/bin/sh\ncase $* in *--compress-*) echo 'extbackup-sender: option --compress-choice=zstd is not allowed' >&2; exit 1; esac\n`;
  writeFileSync(shell, readFileSync(shell, 'utf8').replace('#!/bin/sh\n', refusing));
  chmodSync(shell, 0o755);
  const settings = { pull: { retries: 0, compress: 'always' } };
  await disk.pull({ settings });
  await expectEqual();
  expect(compressed()).toEqual([true, false]);
  await disk.pull({ settings });
  expect(compressed()).toEqual([true, false, false]);
});
