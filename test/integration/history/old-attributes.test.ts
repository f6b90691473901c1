import { execFileSync } from 'node:child_process';
import { appendFile, chmod, link, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { HeldError } from '../../../src/guard/hold.ts';
import { newHistoryEntry } from '../../../src/history/history-entry.ts';
import { beginLog } from '../../../src/history/log-header.ts';
import { pruneHistory } from '../../../src/history/prune.ts';
import { startAttributeKeeper } from '../../../src/pipeline/attributes-part.ts';
import { restoreFiles } from '../../../src/restore/restore-files.ts';
import { layersFor } from '../../../src/restore/restore-plan.ts';
import { beginAttributes, endAttributes } from '../../../src/attributes/keep-attributes.ts';
import { readState } from '../../../src/attributes/attribute-table.ts';
import type { UndoProgress } from '../../../src/history/undo-entry.ts';
import { planRollback, rollBack } from '../../../src/restore/roll-back.ts';
import { startProgram } from '../../../src/system/command.ts';
import { copyOf, fill, openDisk, type DiskAndServer } from './a-disk.ts';

let first: DiskAndServer;
let disk: DiskAndServer;
let source: string;

beforeAll(async () => {
  first = await openDisk();
  ({ source } = first);
  await fill(source, 60);
  await symlink('folder-1', join(source, 'link'));
  await writeFile(Buffer.concat([Buffer.from(`${source}/odd \n\\#123 `), Buffer.from([0xff])]), 'odd');
  await writeFile(join(source, 'plain'), 'no attribute yet');
  await writeFile(join(source, 'marked'), 'one attribute');
  tool('setfattr', '-n', 'user.mark', '-v', 'old "value"', join(source, 'marked'));
  tool('setfacl', '-m', 'u:1234:r', join(source, 'marked'));
  await mkdir(join(source, 'inherits'));
  tool('setfacl', '-d', '-m', 'g:77:rx', join(source, 'inherits'));
  await chmod(join(source, 'folder-0/file-0'), 0o4750);
  await first.pull();
});
afterAll(() => first.remove());
beforeEach(async () => {
  disk = await copyOf(first);
  ({ source } = disk);
});
afterEach(() => disk.remove());

const never = new AbortController().signal;

const tool = (name: string, ...args: readonly string[]): string =>
  execFileSync(`/usr/bin/${name}`, args, { encoding: 'latin1' });

/** What stock tools say of a tree, besides content. */
const attributesOf = (root: string): string =>
  ['getfacl -R -n -P .', 'getfattr -R -P -h -d -m - .', "find . -type l -printf '%U:%G %p\\n'"]
    .map((line) => tool('env', `--chdir=${root}`, 'sh', '-c', `${line} | sort`))
    .join('');

/** What somebody who means no harm, or does, does to a whole server. */
function changeEverything(): void {
  tool('chmod', '-R', '777', source);
  tool('chown', '-R', '-h', '1001:1002', source);
  tool('setfattr', '-n', 'user.mark', '-v', 'new', join(source, 'marked'));
  tool('setfattr', '-n', 'user.more', '-v', 'x', join(source, 'plain'));
  tool('setfacl', '-b', join(source, 'marked'));
  tool('setfacl', '-m', 'u:99:rw', join(source, 'plain'));
  tool('setfacl', '-k', join(source, 'inherits'));
}

const unlimited = { guard: { attributes: '100%' } };

async function rollback(): Promise<UndoProgress> {
  const plan = await planRollback(disk.top, disk.record, undefined, never);
  if (!plan) throw new Error('there is nothing to undo');
  const done: UndoProgress = { removed: 0, restored: 0, left: 0 };
  await rollBack(startProgram, disk.top, 'backups', plan, done, never);
  return done;
}

const target = (): string => join(disk.top, 'restored');

/** What is restored there takes the place of what was. */
async function restore(path: string, at: Date): Promise<void> {
  await rm(target(), { recursive: true, force: true });
  await mkdir(target());
  const place = path === '.' ? target() : join(target(), path.slice(path.lastIndexOf('/') + 1));
  const quiet = { overwrite: false, dryRun: false, onProgress: () => undefined, onName: () => undefined };
  const layers = await layersFor(disk.top, 'backups', path, at);
  const missing = await restoreFiles(startProgram, { ...quiet, layers, target: place }, never);
  expect(missing).toEqual({ unwritten: new Set(), attributes: new Set() });
}

const kept = async (): Promise<string[]> =>
  (await readdir(join(disk.top, '.extbackup/history'))).filter((name) => /\.(?:facl|fattr|links)$/.test(name)).sort();

it('keeps nothing of a run that changes nothing, and looks at no file for it', async () => {
  await disk.pull();
  expect(await kept()).toEqual([]);
});

it('puts owner, rights, ACLs and extended attributes back', async () => {
  const before = attributesOf(disk.mirror);
  changeEverything();
  const { figures } = await disk.pull({ settings: unlimited });
  expect(figures).toMatchObject({ filesTransferred: 0, attributesChanged: 71 });
  expect(attributesOf(disk.mirror)).toBe(attributesOf(source));
  expect(attributesOf(disk.mirror)).not.toBe(before);
  const done = await rollback();
  expect(attributesOf(disk.mirror)).toBe(before);
  expect(done).toMatchObject({ removed: 0, restored: 0, left: 0, attributes: 71 });
  expect(await kept()).toEqual([]);
});

it('is put back by the tools of any Linux, too', async () => {
  const before = attributesOf(disk.mirror);
  changeEverything();
  await disk.pull({ settings: unlimited });
  const [facl, fattr, links] = (await kept()).map((name) => join(disk.top, '.extbackup/history', name));
  tool('env', `--chdir=${disk.mirror}`, 'setfacl', `--restore=${facl ?? ''}`);
  tool('env', `--chdir=${disk.mirror}`, 'setfattr', '-x', 'user.more', 'plain');
  tool('env', `--chdir=${disk.mirror}`, 'setfattr', '-h', `--restore=${fattr ?? ''}`);
  tool('env', `--chdir=${disk.mirror}`, 'xargs', '-0', '-n2', '-a', links ?? '', 'chown', '-h');
  expect(attributesOf(disk.mirror)).toBe(before);
});

it('keeps only what changed', async () => {
  await chmod(join(source, 'plain'), 0o600);
  await disk.pull();
  expect(await kept()).toHaveLength(1);
  const file = join(disk.top, '.extbackup/history', (await kept())[0] ?? '');
  expect(await readFile(file, 'utf8')).toMatch(
    /^# file: \.\/plain\n# owner: 0\n# group: 0\nuser::rw-\ngroup::r--\nother::r--\n\n$/,
  );
});

it('stops and asks when too many change; rollback puts those back that had changed', async () => {
  await fill(join(source, 'many'), 400);
  await disk.pull({ settings: { guard: { created: '990%' } } });
  const before = attributesOf(disk.mirror);
  tool('chmod', '-R', '777', join(source, 'many'));
  const held: unknown = await disk.pull().catch((error: unknown) => error);
  if (!(held instanceof HeldError)) throw new Error('not held');
  expect(held.message).toContain('with another owner, other rights or attributes (406)');
  expect(held.message).toContain('guard.attributes allows');
  expect(held.facts.counts).toMatchObject({ created: 0, changed: 0, deleted: 0, attributes: 406 });
  expect(attributesOf(disk.mirror)).not.toBe(before);
  await rollback();
  expect(attributesOf(disk.mirror)).toBe(before);
});

it.each([
  ['rights', ['-exec', 'chmod', '700', '{}', '+']],
  ['owners', ['-exec', 'chown', '77:77', '{}', '+']],
])('counts %s of directories alone', async (_what, change) => {
  for (let index = 0; index < 300; index += 1) {
    await mkdir(join(source, 'deep', String(index)), { recursive: true });
    await writeFile(join(source, 'deep', String(index), 'file'), '');
  }
  await disk.pull({ settings: { guard: { created: '990%' } } });
  const before = attributesOf(disk.mirror);
  tool('find', source, '-type', 'd', ...change);
  await expect(disk.pull()).rejects.toThrow(/other rights or attributes \(30\d\)/);
  await rollback();
  expect(attributesOf(disk.mirror)).toBe(before);
});

it('restores files with the attributes that they had at a time', async () => {
  const before = attributesOf(disk.mirror);
  const at = new Date();
  changeEverything();
  await writeFile(join(source, 'plain'), 'another content');
  await disk.pull({ settings: unlimited });
  await restore('.', at);
  expect(attributesOf(target())).toBe(before);
  await restore('marked', at);
  expect(attributesOf(target())).toContain('user.mark="old \\"value\\""');
  expect(await lstat(join(target(), 'marked'))).toMatchObject({ uid: 0, gid: 0 });
  await restore('inherits', at);
  expect(attributesOf(target())).toContain('default:group:77:r-x');
});

it('keeps the attributes of all names of a file, of which rsync tells only one', async () => {
  await link(join(source, 'plain'), join(source, 'folder-1/also'));
  await disk.pull();
  const at = new Date();
  await chmod(join(source, 'plain'), 0o600);
  await disk.pull();
  await restore('folder-1/also', at);
  expect((await lstat(join(target(), 'also'))).mode & 0o777).toBe(0o644);
});

it('makes three links again of which one was replaced, with the attributes of then', async () => {
  for (const name of ['b', 'c']) await link(join(source, 'plain'), join(source, name));
  await disk.pull();
  const at = new Date();
  await rm(join(source, 'plain'));
  await writeFile(join(source, 'plain'), 'replaced');
  await disk.pull();
  await chmod(join(source, 'b'), 0o600);
  await disk.pull();
  await restore('.', at);
  const all = await Promise.all(['plain', 'b', 'c'].map((name) => lstat(join(target(), name))));
  expect(new Set(all.map(({ ino }) => ino)).size).toBe(1);
  expect(all[0]).toMatchObject({ nlink: 3 });
  expect((all[0]?.mode ?? 0) & 0o777).toBe(0o644);
  await restore('plain', at);
  expect((await lstat(join(target(), 'plain'))).mode & 0o777).toBe(0o644);
  expect(await readFile(join(target(), 'plain'), 'utf8')).toBe('no attribute yet');
});

it('keeps old attributes of what a run changed that a power cut ended, without a word of it in the log', async () => {
  const before = attributesOf(disk.mirror);
  const at = new Date();
  const entry = await newHistoryEntry(disk.top, new Date(at.getTime() + 1));
  await beginLog(entry.log, undefined, entry.stamp);
  await beginAttributes(startProgram, disk, entry, never);
  tool('chmod', '-R', '700', disk.mirror);
  tool('setfattr', '-n', 'user.cut', '-v', 'off', join(disk.mirror, 'plain'));
  await restore('.', at);
  expect(attributesOf(target())).toBe(before);
  await disk.pull(); // from a server where nothing changed
  expect(attributesOf(disk.mirror)).toBe(before);
  expect(await kept()).toHaveLength(4); // the same again for what this run put right
});

it('keeps them after a try without an entry, too', async () => {
  const before = attributesOf(disk.mirror);
  const entry = await newHistoryEntry(disk.top, new Date());
  await beginAttributes(startProgram, disk, entry, never);
  await chmod(join(source, 'plain'), 0o600);
  await chmod(join(disk.mirror, 'plain'), 0o600);
  await endAttributes(startProgram, disk, entry, { isTold: false, stays: false }, never);
  await disk.pull(); // finds nothing to do
  await rollback();
  expect(attributesOf(disk.mirror)).toBe(before);
});

it('begins on a disk of an earlier version with a look at all files', async () => {
  const before = attributesOf(disk.mirror);
  await rm(join(disk.top, '.extbackup/attributes'), { recursive: true });
  changeEverything();
  await disk.pull({ settings: unlimited });
  await rollback();
  expect(attributesOf(disk.mirror)).toBe(before);
});

it('goes with its entry', async () => {
  await chmod(join(source, 'plain'), 0o600);
  await disk.pull();
  expect(await kept()).toHaveLength(1);
  const rule = { age: 1, count: 0, minFree: 0, atLeast: 0, perRun: 1, now: new Date(Date.now() + 1_000_000) };
  const budget = { entries: 10, bytes: 1e12 };
  await pruneHistory(startProgram, disk.top, { rule, budget, position: 100 }, never);
  expect(await kept()).toEqual([]);
});

it('is not forgotten by a run that is ended while it looks at the files', async () => {
  const before = attributesOf(disk.mirror);
  const entry = await newHistoryEntry(disk.top, new Date());
  await beginLog(entry.log, undefined, entry.stamp);
  await beginAttributes(startProgram, disk, entry, never);
  tool('chmod', '-R', '700', disk.mirror);
  const ended = AbortSignal.abort();
  const next = await newHistoryEntry(disk.top, new Date());
  const watch = await startAttributeKeeper(startProgram, disk, next, ended);
  expect(watch.trouble).toBe('failed');
  await rollback();
  expect(attributesOf(disk.mirror)).toBe(before);
});

it.each([true, false])('of many new files is kept exactly, with room for a second table: %s', async (hasRoom) => {
  await fill(join(source, 'new'), 700);
  disk.hasRoomForTable = hasRoom;
  await disk.pull({ settings: { guard: { created: '100%', floor: 1_000 } } });
  const table = (await readState(disk.top))?.serial;
  expect(table).toBe(hasRoom ? 2 : 1); // written anew, or the first one with more lines
  const before = attributesOf(disk.mirror);
  disk.hasRoomForTable = true;
  changeEverything();
  await disk.pull({ settings: unlimited });
  expect(attributesOf(disk.mirror)).toBe(attributesOf(source));
  await rollback();
  expect(attributesOf(disk.mirror)).toBe(before);
});

it('of very many new files is kept by the whole table, where the disk has no room for a second one', async () => {
  const entry = await newHistoryEntry(disk.top, new Date());
  const mark = await beginLog(entry.log, undefined, entry.stamp);
  await beginAttributes(startProgram, disk, entry, never);
  const names = Array.from({ length: 50_001 }, (_, index) => `${mark}>f+++++++++|0|0|none-${String(index)}${mark}`);
  await appendFile(entry.log, `${names.join('\n')}\n`);
  const full: typeof startProgram = (command) =>
    command.args.includes('--recursive')
      ? Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }))
      : startProgram(command);
  expect(await endAttributes(full, disk, entry, { isTold: true, stays: true }, never)).toBe(true);
  expect(await readState(disk.top)).toBeUndefined();
  expect(await readdir(join(disk.top, '.extbackup/attributes'))).toEqual([]);

  const before = attributesOf(disk.mirror);
  changeEverything();
  await disk.pull({ settings: unlimited });
  await rollback();
  expect(attributesOf(disk.mirror)).toBe(before);
});
