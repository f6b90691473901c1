import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertReaches, markBeginning } from '../../../src/history/complete-since.ts';
import { listHistory, newHistoryEntry } from '../../../src/history/history-entry.ts';
import { beginLog } from '../../../src/history/log-header.ts';
import { pruneHistory, type Pruning } from '../../../src/history/prune.ts';
import { startProgram } from '../../../src/system/command.ts';

const day = 86_400_000;
const begin = Date.parse('2026-01-01T00:00:00Z');
const now = new Date(begin + 400 * day);
let top: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'extbackup-prune-'));
  for (const [index, isFilled] of [true, true, true, false].entries()) {
    const at = new Date(begin + index * day);
    const entry = await newHistoryEntry(top, at, { measured: at, isDoubtful: false });
    await markBeginning(top, entry);
    await mkdir(entry.directory);
    if (isFilled) await writeFile(join(entry.directory, 'file'), 'content');
    await beginLog(entry.log, undefined, entry.stamp);
  }
});
afterEach(() => rm(top, { recursive: true }));

const prune = (change: Partial<Pruning> = {}) =>
  pruneHistory(
    startProgram,
    top,
    {
      rule: { now, age: 28 * day, minFree: 0, atLeast: 28 * day, perRun: 1 },
      budget: { entries: 10, bytes: Infinity },
      position: 4,
      ...change,
    },
    new AbortController().signal,
  );
const numbers = async (): Promise<number[]> => (await listHistory(top)).map(({ number }) => number);

it('the newest entry with something in it stays, and an empty one does not pass for it', async () => {
  expect(await prune()).toMatchObject({ removed: 2, stuck: 0, isCapped: false });
  expect(await numbers()).toEqual([4, 3]);
  expect(await readdir(join(top, '.extbackup/removed'))).toEqual([]);
});

it('one run removes no more than its budget, and says so', async () => {
  expect(await prune({ budget: { entries: 1, bytes: Infinity } })).toMatchObject({ removed: 1, isCapped: true });
  expect(await numbers()).toEqual([4, 3, 2]);
});

it('nothing goes for want of room while there is room', async () => {
  expect(await prune({ wanted: { bytes: 0, inodes: 0 } })).toMatchObject({ removed: 0 });
  expect(await numbers()).toEqual([4, 3, 2, 1]);
});

it('a time before what was removed, or before the beginning, is refused', async () => {
  const reaches = (time: number): Promise<void> => assertReaches(top, new Date(time));
  await expect(reaches(begin - 1)).rejects.toMatchObject({ code: 'EXB_BEFORE_HISTORY' });
  await expect(reaches(begin)).resolves.toBeUndefined();
  await prune();
  await expect(reaches(begin + day - 1)).rejects.toMatchObject({ code: 'EXB_BEFORE_HISTORY' });
  await expect(reaches(begin + day)).resolves.toBeUndefined();
});

describe('an entry with a file that cannot be removed', () => {
  const keepFile = (file: string, sign: '+i' | '-i') =>
    startProgram({ file: '/usr/bin/chattr', args: [sign, '--', file], timeoutMs: 10_000 });

  it.each([
    ['a file in it', 'file'],
    ['the entry itself', ''],
  ])('is passed over, counted, and removed when that is possible: %s', async (_what, name) => {
    const oldest = (await listHistory(top)).at(-1);
    const file = join(oldest?.directory ?? '', name);
    await keepFile(file, '+i');
    const aside = join(top, '.extbackup/removed', oldest?.name ?? '', name);
    const present = async () =>
      (await access(file).then(
        () => true,
        () => false,
      ))
        ? file
        : aside;
    try {
      expect(await prune()).toMatchObject({ removed: 1, stuck: 1 });
      expect((await numbers()).slice(0, 2)).toEqual([4, 3]);
      expect(await prune()).toMatchObject({ removed: 0, stuck: 1 });
    } finally {
      await keepFile(await present(), '-i');
    }
    expect(await prune()).toMatchObject({ stuck: 0 });
    expect(await numbers()).toEqual([4, 3]);
    expect(await readdir(join(top, '.extbackup/removed'))).toEqual([]);
  });
});
