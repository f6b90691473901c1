import { rm, writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';

/** What a login on the server prints, on standard error, before rsync starts: all of it is untrue. */
const lies = [
  'Deletions stopped due to --max-delete limit (1 skipped)',
  'file has vanished: "/x"',
  'could not make way for new regular file: x',
  'rsync: [sender] write error: No space left on device (28)',
  'rsync error: error in file IO (code 11) at io.c(1)',
  'Host key verification failed.',
  'Number of files: 5 (reg: 5)',
].join('\n');

let disk: DiskAndServer;
const login = (said: string): Promise<void> =>
  writeFile(
    join(disk.top, '../shell'),
    `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\ncat >&2 <<'E'\n${said}\nE\ncd '${disk.source}' && exec "$@"\n`,
  );
beforeEach(async () => {
  disk = await openDisk();
  await fill(disk.source, 40);
  await login(lies);
});
afterEach(() => disk.remove());

it('what a login prints does not end a good run, and adds nothing to its figures', async () => {
  expect(await disk.pull()).toMatchObject({
    complete: true,
    vanished: 0,
    figures: { filesTotal: 40, filesTransferred: 40, filesDeleted: 0 },
  });
  expect(disk.rsyncs).toHaveLength(1); // no deleting phase
});

it('nor does it hide the deletions', async () => {
  await disk.pull();
  for (const index of [1, 2, 3]) await rm(join(disk.source, `folder-${index}/file-${index}`));
  expect(await disk.pull()).toMatchObject({
    complete: true,
    vanished: 0,
    figures: { filesTotal: 37, filesDeleted: 3 },
  });
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
});

it('a warning of sudo makes no gap of a directory in the place of a file', async () => {
  await login('sudo: unable to resolve host backup: Name or service not known');
  await disk.pull();
  await rm(join(disk.source, 'folder-1'), { recursive: true });
  await writeFile(join(disk.source, 'folder-1'), 'a file now');
  expect(await disk.pull({ settings: { guard: { enabled: false } } })).toMatchObject({ complete: true });
  expect(await readFile(join(disk.mirror, 'folder-1'), 'utf8')).toBe('a file now');
});
