import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newMark, parseChange } from '../../../src/history/change.ts';
import { parseCopied, parseLogLine, readCopied, readLogBackwards } from '../../../src/history/change-log.ts';
import { historyName, listHistory, newHistoryEntry, parseHistoryName } from '../../../src/history/history-entry.ts';
import { beginLog } from '../../../src/history/log-header.ts';
import { expendable, outdated } from '../../../src/history/retention.ts';

describe('a line of changes', () => {
  it.each([
    ['>f+++++++++|12|44|a/b', { kind: 'created', path: 'a/b', size: 12, isDirectory: false }],
    ['>f.st......|5|44|a|b', { kind: 'changed', path: 'a|b', size: 5, isDirectory: false }],
    ['cLc.t......|4|44|link', { kind: 'changed', path: 'link', size: 4, isDirectory: false }],
    ['hf.st......|5|44|hard', { kind: 'changed', path: 'hard', size: 5, isDirectory: false }],
    ['cd+++++++++|4096|44|d/', { kind: 'created', path: 'd/', size: 4096, isDirectory: true }],
    ['*deleting  |0|44|gone/g1', { kind: 'deleted', path: 'gone/g1', size: 0, isDirectory: false }],
    ['*deleting  |0|44|gone/', { kind: 'deleted', path: 'gone/', size: 0, isDirectory: true }],
    ['>f+++++++++|12|44|a|5|0|x', { kind: 'created', path: 'a|5|0|x', size: 12, isDirectory: false }],
    ['.f...p.....|3|44|only-rights', { kind: 'attributes', isDirectory: false, path: 'only-rights', size: 0 }],
    ['.d....og...|3|44|only-owner/', { kind: 'attributes', isDirectory: true, path: 'only-owner/', size: 0 }],
    ['.f........x|3|44|only-xattr', { kind: 'attributes', isDirectory: false, path: 'only-xattr', size: 0 }],
    ['.f..t......|3|44|only-time', undefined],
    ['.f......u..|3|44|only-use', undefined],
    ['.d..t......|4096|44|./', undefined],
    ['Number of files: 3', undefined],
  ])('%s', (line, change) => {
    expect(parseChange(line)).toEqual(change);
  });
});

it('a copied file keeps the whole of its name, whatever is in it', () => {
  const mark = '!01234567';
  expect(parseCopied(`${mark}>f+++++++++|12|44|a|b.txt${mark}`, { mark })?.toString()).toBe('a|b.txt');
});

describe.each([
  ['that rsync logged', (text: string) => `2026/11/24 07:13:53 [32618] ${text}`, {}],
  [
    'that rsync printed',
    (text: string) => (text.startsWith('delete_item') ? text : `!01234567${text.replace('|', '|12|44|')}!01234567`),
    { mark: '!01234567' },
  ],
  [
    'after progress',
    (text: string) =>
      text.startsWith('delete_item')
        ? `\r      1,234  42%   12.34MB/s    0:00:05  ${text}`
        : `\r      1,234  42%   12.34MB/s    0:00:05  !01234567${text.replace('|', '|12|44|')}!01234567`,
    { mark: '!01234567' },
  ],
])('a line of the log on the disk %s', (_kind, line, header) => {
  it('names what was created, in bytes', () => {
    expect(parseLogLine(line('>f+++++++++|new\\#012na\xffme'), header)).toEqual({
      kind: 'created',
      isDirectory: false,
      path: Buffer.from('new\nna\xffme', 'latin1'),
    });
    expect(parseLogLine(line('cd+++++++++|dir/'), header)).toEqual({
      kind: 'created',
      isDirectory: true,
      path: Buffer.from('dir'),
    });
  });
  it('names directories that were deleted', () => {
    expect(parseLogLine(line('*deleting  |a/empty/'), header)).toMatchObject({
      kind: 'deleted-directory',
      path: Buffer.from('a/empty'),
    });
  });
  it('names directories that made way for something new, below that of their source', () => {
    const cleared = line('delete_item(a\\#012b\xff) mode=40755 flags=10');
    expect(parseLogLine(cleared, header)).toEqual({
      kind: 'deleted-directory',
      isDirectory: true,
      path: Buffer.from('a\nb\xff', 'latin1'),
    });
    expect(parseLogLine(cleared, { ...header, source: 'mail' })).toMatchObject({
      path: Buffer.from('mail/a\nb\xff', 'latin1'),
    });
    expect(parseLogLine(line('delete_item(dir) mode=42775 flags=34'), header)).toMatchObject({
      path: Buffer.from('dir'),
    });
  });
  it.each([
    'delete_item(kept) mode=40755 flags=2',
    'delete_item(file) mode=100644 flags=34',
    'delete_item(../x) mode=40755 flags=10',
    '*deleting  |a/file',
    '>f.st......|changed',
    'rsync error: x',
    '>f+++++++++|../etc/passwd',
    '>f+++++++++|/etc/passwd',
    'cd+++++++++|./',
  ])('takes nothing from %s', (text) => {
    expect(parseLogLine(line(text), header)).toBeUndefined();
  });
});

it('what the server has rsync print is no change: it does not know the mark', () => {
  const header = { mark: newMark() };
  expect(header.mark).not.toBe(newMark());
  for (const text of [
    `${header.mark}>f+++++++++|1|1|goo`,
    '>f+++++++++|1|1|good',
    '!>f+++++++++|1|1|good',
    '!01234567>f+++++++++|1|1|good',
    '2026/11/24 07:13:53 [32618] >f+++++++++|good',
  ]) {
    expect([parseLogLine(text, header), parseCopied(text, header)]).toEqual([undefined, undefined]);
  }
});

describe('on a disk', () => {
  let top: string;
  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), 'extbackup-history-'));
  });
  afterEach(() => rm(top, { recursive: true }));

  it('a log is read from its end, also over the seams of its pieces', async () => {
    const file = join(top, 'log');
    const names = Array.from({ length: 5000 }, (_, index) => `directory-${index}/file-${index}`);
    await writeFile(file, names.map((name) => `2026/11/24 07:13:53 [1] >f+++++++++|${name}\n`).join(''));
    const read: string[] = [];
    for await (const { path } of readLogBackwards(file)) read.push(path.toString());
    expect(read).toEqual(names.reverse());
  });

  it('in an older log, what looks like sizes is part of a name', () => {
    expect(parseLogLine('2026/11/24 07:13:53 [1] >f+++++++++|12|44|x', {})?.path.toString()).toBe('12|44|x');
    expect(parseLogLine('!01234567>f+++++++++|1|2|12|44|x!01234567', { mark: '!01234567' })?.path.toString()).toBe(
      '12|44|x',
    );
  });

  it('a log is begun once, and gone on in with the same mark', async () => {
    const file = join(top, 'log');
    const mark = await beginLog(file, 'mail');
    await appendFile(file, `${mark}>f+++++++++|1|1|new${mark}\n${mark}>f+++++++++|1|1|new-one-cut-o\n`);
    expect(await beginLog(file, 'mail')).toBe(mark);
    await appendFile(file, `${mark}*deleting  |0|0|gone/${mark}\ndelete_item(dir) mode=40755 flags=10\n`);
    const read: string[] = [];
    for await (const { kind, path } of readLogBackwards(file)) read.push(`${kind} ${path.toString()}`);
    expect(read).toEqual(['deleted-directory mail/dir', 'deleted-directory mail/gone', 'created mail/new']);
    for await (const { path } of readCopied(file)) read.push(path.toString());
    expect(read.slice(3)).toEqual(['mail/new']);
  });

  it.each(['a link', 'a file that is none of ours'])('%s in the place of a log is left alone', async (what) => {
    await writeFile(join(top, 'other'), 'other');
    await (what === 'a link' ? symlink('other', join(top, 'log')) : writeFile(join(top, 'log'), 'mine'));
    await expect(beginLog(join(top, 'log'))).rejects.toThrow('its place on the disk is taken');
    expect(await readFile(join(top, 'other'), 'utf8')).toBe('other');
  });

  it('each entry is later than all others, even when the clock goes back; its name is what the clock said', async () => {
    const now = new Date('2026-11-24T06:25:00.700Z');
    const first = await newHistoryEntry(top, now);
    expect(first.name).toBe('20261124T062500.700Z');
    await mkdir(first.directory);
    await beginLog(first.log, undefined, first.stamp);
    const second = await newHistoryEntry(top, new Date('2026-11-23T00:00:00Z'));
    expect(second.name).toBe('20261123T000000.000Z');
    await beginLog(second.log, undefined, second.stamp);
    const listed = await listHistory(top);
    expect(listed.map(({ name, number }) => [name, number])).toEqual([
      [second.name, 2],
      [first.name, 1],
    ]);
    expect(listed[0]?.at.getTime()).toBeGreaterThan(listed[1]?.at.getTime() ?? Infinity);
  });

  it('a name is given once, also within the same millisecond', async () => {
    const now = new Date('2026-11-24T06:25:00.700Z');
    await mkdir((await newHistoryEntry(top, now)).directory);
    expect((await newHistoryEntry(top, now)).name).toBe('20261124T062500.701Z');
  });

  it('entries of older versions come before numbered ones, whatever their names say', async () => {
    for (const name of ['20360101T000000.000Z', '20360101T000000.001Z', '20261101T000000.000Z'])
      await mkdir(join(top, 'history', name), { recursive: true });
    const first = await newHistoryEntry(top, new Date('2026-11-24T00:00:00Z'));
    await beginLog(first.log, undefined, first.stamp);
    const listed = await listHistory(top);
    expect(listed.map(({ name, number }) => [name, number])).toEqual([
      ['20261124T000000.000Z', 1],
      ['20360101T000000.001Z', 0],
      ['20360101T000000.000Z', -1],
      ['20261101T000000.000Z', -2],
    ]);
    // What a later one contradicts is not believed: all three of them began before the last one.
    expect(listed.map(({ at }) => at.getTime() <= Date.parse('2026-11-24T00:00:00Z'))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it.each(['99991231T235959Z', '9999-12-31T23:59:59.9Z', '99981231T235959Z', '99990101T000000Z'])(
    'a planted entry dated %s leads to no name twice, and to none that cannot be read',
    async (planted) => {
      await mkdir(join(top, 'history', planted), { recursive: true });
      const taken = new Set([planted]);
      for (const now of ['2026-11-24T06:25:00Z', '2026-11-24T06:25:00Z', '2026-11-23T00:00:00Z']) {
        const { name, directory } = await newHistoryEntry(top, new Date(now));
        expect(taken).not.toContain(name);
        expect(parseHistoryName(name)).toBeDefined();
        taken.add(name);
        await mkdir(directory);
      }
    },
  );
});

describe('retention', () => {
  const day = 86_400_000;
  const now = new Date('2026-11-24T00:00:00Z');
  const entries = [0, 10, 20, 40, 400].map((days, index) => ({
    measured: new Date(now.getTime() - days * day),
    number: 5 - index,
    days,
  }));
  const rule = { now, age: 364 * day, minFree: 0.05, atLeast: 28 * day, perRun: 1 };
  const daysOf = (chosen: readonly { days: number }[]): number[] => chosen.map(({ days }) => days);

  it('takes what is too old, or too much, the oldest first', () => {
    expect(daysOf(outdated(entries, rule, 5))).toEqual([400]);
    expect(daysOf(outdated(entries, { ...rule, count: 2 }, 5))).toEqual([400, 40, 20]);
    expect(daysOf(outdated(entries, { ...rule, count: 0 }, 5))).toEqual([400]);
  });
  it('takes nothing for its age that is younger than keep.atLeast', () => {
    expect(daysOf(outdated(entries, { ...rule, age: day }, 5))).toEqual([400, 40]);
  });
  it('gives nothing young up for want of space', () => {
    expect(daysOf(expendable(entries, rule, 5))).toEqual([400, 40]);
  });
  it('always keeps the newest with something in it, and all later ones', () => {
    expect(daysOf(outdated(entries, rule, 1))).toEqual([]);
    expect(daysOf(expendable(entries, rule, 2))).toEqual([400]);
  });
  it('reads the names that it writes', () => {
    expect(parseHistoryName(historyName(now))).toEqual(now);
  });
});
