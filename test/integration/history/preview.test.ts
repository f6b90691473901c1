import { appendFile, chmod, link, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planRollback, rollBack, type RollbackPlan } from '../../../src/restore/roll-back.ts';
import { listHistory } from '../../../src/history/history-entry.ts';
import type { UndoProgress } from '../../../src/history/undo-entry.ts';
import { startProgram } from '../../../src/system/command.ts';
import { fill, openDisk, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
beforeEach(async () => {
  disk = await openDisk();
  await fill(disk.source, 40);
});
afterEach(() => disk.remove());

const never = new AbortController().signal;
/** What happens to the source between two runs. */
const at = (...parts: string[]): string => join(disk.source, ...parts);
const changes: Record<string, () => Promise<unknown>> = {
  'new files': () => writeFile(at('folder-0/more'), 'more'),
  'a new directory': () => mkdir(at('new')).then(() => writeFile(at('new/more'), 'more')),
  'changed files': () => writeFile(at('folder-0/file-0'), 'other'),
  'a deleted file': () => rm(at('folder-0/file-0')),
  'a deleted directory': () => rm(at('folder-0'), { recursive: true }),
  'a renamed directory': () => rename(at('folder-0'), at('folder-x')),
  'a renamed file': () => rename(at('folder-0/file-0'), at('folder-0/file-x')),
  'other rights': () => chmod(at('folder-0/file-0'), 0o600),
  'other rights of a directory': () => chmod(at('folder-0'), 0o711),
  'other rights of the top': () => chmod(disk.source, 0o711),
  'changed content and rights': () =>
    writeFile(at('folder-0/file-0'), 'other').then(() => chmod(at('folder-0/file-0'), 0o600)),
  'a directory in place of a file': () =>
    rm(at('folder-0/file-0'))
      .then(() => mkdir(at('folder-0/file-0')))
      .then(() => writeFile(at('folder-0/file-0/x'), 'x')),
  'a file in place of a directory': () =>
    rm(at('folder-0'), { recursive: true }).then(() => writeFile(at('folder-0'), 'x')),
  'a link in place of a file': () => rm(at('folder-0/file-0')).then(() => symlink('x', at('folder-0/file-0'))),
  'a hard link': () => link(at('folder-0/file-0'), at('folder-0/linked')),
};

it.each(Object.keys(changes))('counts before a rollback what the rollback then does: %s', async (name) => {
  await disk.pull();
  await changes[name]?.();
  await disk.pull();
  expect(await planned()).toEqual(await carriedOut());
});

it('counts a file once that rsync has logged twice', async () => {
  await disk.pull();
  await changes['new files']?.();
  await disk.pull();
  const { log = '' } = (await listHistory(disk.top))[0] ?? {};
  const line = (await readFile(log, 'latin1')).split('\n').find((one) => one.includes('folder-0/more'));
  await appendFile(log, `${line ?? ''}\n`);
  expect((await planned()).removed).toBe(1);
  expect((await carriedOut()).removed).toBe(1);
});

it('counts the files of a directory that comes back whole', async () => {
  await disk.pull();
  await changes['a deleted directory']?.();
  await disk.pull();
  expect(await carriedOut()).toMatchObject({ restored: 8 });
});

async function plan(): Promise<RollbackPlan> {
  const found = await planRollback(disk.top, disk.record, undefined, never);
  if (!found) throw new Error('there is nothing to undo');
  return found;
}

const planned = async (): Promise<UndoProgress> => (await plan()).files;

async function carriedOut(): Promise<UndoProgress> {
  const done: UndoProgress = { removed: 0, restored: 0, left: 0 };
  await rollBack(startProgram, disk.top, 'backups', await plan(), done, never);
  return done;
}
