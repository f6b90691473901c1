import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { bytesOfName, printedName, readCopied } from '../../../src/history/change-log.ts';
import type { DoomedName } from '../../../src/history/doomed.ts';
import { newHistoryEntry } from '../../../src/history/history-entry.ts';
import { beginLog } from '../../../src/history/log-header.ts';
import { undoEntry } from '../../../src/history/undo-entry.ts';
import type { PullOrder } from '../../../src/rsync/order.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';
import { moveToHistory } from '../../../src/rsync/move-to-history.ts';
import { runRsync } from '../../../src/rsync/run-rsync.ts';

let top: string;
let mirror: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'extbackup-move-'));
  mirror = join(top, 'backups');
  await mkdir(join(mirror, 'everything/deep'), { recursive: true });
  for (const name of ['one', 'everything/a', 'everything/b', 'everything/deep/c', 'img10', 'img1'])
    await writeFile(join(mirror, name), name);
});
afterEach(() => rm(top, { recursive: true }));

const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
const never = new AbortController().signal;
const name = (path: string, isDirectory = false): DoomedName => ({ path: Buffer.from(path), isDirectory });
async function orderOf(names: readonly DoomedName[], count: number, deleteLimit = 1_000): Promise<PullOrder> {
  return {
    config,
    source: sourceOf(config),
    onProgress: () => undefined,
    deleteLimit,
    doomed: { names, count },
    history: await newHistoryEntry(top, new Date()),
  };
}
const there = (): Promise<string[]> => readdir(mirror, { recursive: true });
const place = (): { top: string; mirror: string; rsh: string } => ({ top, mirror, rsh: '' });

it('moves what is named, and tells of each file', async () => {
  const told: string[] = [];
  const order = {
    ...(await orderOf([name('one'), name('everything', true)], 6)),
    onChange: ({ path }: { path: string }) => {
      told.push(path);
    },
  };
  expect(await moveToHistory(startProgram, order, place(), never)).toMatchObject({
    isDone: true,
    changed: true,
    figures: { filesDeleted: 6 },
  });
  expect((await there()).sort()).toEqual(['img1', 'img10']);
  expect(told.sort()).toEqual([
    'everything/',
    'everything/a',
    'everything/b',
    'everything/deep/',
    'everything/deep/c',
    'one',
  ]);
});

it.each([
  [2, 1_000],
  [6, 5],
])('moves nothing when there is more than was said (%i), or than the limit allows (%i)', async (count, limit) => {
  const before = await there();
  expect(
    await moveToHistory(
      startProgram,
      await orderOf([name('one'), name('everything', true)], count, limit),
      place(),
      never,
    ),
  ).toBeUndefined();
  expect(await there()).toEqual(before);
});

it('leaves the rest to another look when something is gone meanwhile', async () => {
  const outcome = await moveToHistory(startProgram, await orderOf([name('one'), name('gone')], 2), place(), never);
  expect(outcome).toMatchObject({ isDone: false, changed: true, figures: { filesDeleted: 1 } });
});

it('a line that was cut off names nothing that a rollback removes, and a name that is too long stops none', async () => {
  const entry = await newHistoryEntry(top, new Date());
  const mark = await beginLog(entry.log);
  const long = `delete_item(${'a'.repeat(300)}/${'b'.repeat(300)}) mode=40755 flags=10`;
  await writeFile(
    entry.log,
    `marked ${mark}\n${long}\n${mark}>f+++++++++|1|1|${'c'.repeat(300)}${mark}\n${mark}>f+++++++++|1|1|one${mark}\n${mark}>f+++++++++|5|5|img1`,
  );
  await undoEntry(mirror, entry, { removed: 0, restored: 0, left: 0 }, never);
  expect((await there()).filter((one) => !one.includes('/'))).toEqual(
    expect.arrayContaining(['img1', 'img10', 'everything']),
  );
  expect(await there()).not.toContain('one');
});

it('a log that is not read to its end is closed', async () => {
  const file = join(top, 'log');
  await writeFile(file, `marked !01234567\n${'!01234567>f+++++++++|1|1|name!01234567\n'.repeat(20_000)}`);
  let next = 0;
  for await (const copied of readCopied(file)) {
    next = copied.next;
    break;
  }
  expect(next).toBe(`marked !01234567\n!01234567>f+++++++++|1|1|name!01234567\n`.length);
  const open = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  expect(open).not.toContain(file);
});

it('an rsync whose last words are lost has not done well', async () => {
  const history = await newHistoryEntry(top, new Date());
  const saying =
    (said: string): StartProgram =>
    (command) => {
      command.onStdout?.(said);
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
    };
  const order: PullOrder = { config, source: sourceOf(config), onProgress: () => undefined, history };
  const target = { mirror, rsh: '', mark: '!01234567' };
  expect((await runRsync(saying('Number of files: 3 (reg: 3)\n'), order, target, never)).trouble).toBe('failed'); // the disk is well
  expect(
    (await runRsync(saying('Number of files: 3 (reg: 3)\ntotal size is 3\n'), order, target, never)).trouble,
  ).toBeUndefined();
});

it('a name comes back from how it is printed', () => {
  for (const bytes of [
    Buffer.from('plain'),
    Buffer.from('new\nline\ttab \\#101 ü'),
    Buffer.from([0x01, 0xff, 0x5c, 0x23, 0x31]),
  ])
    expect(bytesOfName(printedName(bytes))).toEqual(bytes);
});
