import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restoreFiles } from '../../../src/restore/restore-files.ts';
import { listPath, renderListing } from '../../../src/restore/restore-list.ts';
import { parseHistoryName } from '../../../src/history/history-entry.ts';
import { layersFor, pathInMirror, targetIn } from '../../../src/restore/restore-plan.ts';
import { storedPath } from '../../../src/restore/stored-path.ts';
import { startProgram } from '../../../src/system/command.ts';

const signal = new AbortController().signal;
const at = (text: string): Date => new Date(text);

const listVersions = async (...place: Parameters<typeof listPath>): Promise<string[]> =>
  renderListing(await listPath(...place));

let root: string;
let top: string;
let to: string;

/** A disk after three runs: letter changed in the runs of day 10 and day 20, gone was deleted on day 20. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'extbackup-restore-'));
  top = join(root, 'disk');
  to = join(root, 'target');
  await put('backups/docs/letter', 'third');
  await put('backups/docs/other', 'same');
  await put('history/2026-01-10T07:00:00Z/docs/letter', 'first');
  await put('history/2026-01-20T07:00:00Z/docs/letter', 'second');
  await put('history/2026-01-20T07:00:00Z/docs/gone', 'deleted');
  await put('history/not-a-time/docs/letter', 'foreign');
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('which version', () => {
  it.each([
    [undefined, 'third'],
    ['2026-01-25T00:00:00Z', 'third'],
    ['2026-01-15T00:00:00Z', 'second'],
    ['2026-01-05T00:00:00Z', 'first'],
  ])('of a file at %s is the %s one', async (time, content) => {
    await restore('docs/letter', time);
    expect(await readFile(join(to, 'letter'), 'utf8')).toBe(content);
  });

  it('brings a directory back as it was, with what was deleted since', async () => {
    await restore('docs', '2026-01-15T00:00:00Z');
    expect(await readFile(join(to, 'docs/letter'), 'utf8')).toBe('second');
    expect(await readFile(join(to, 'docs/gone'), 'utf8')).toBe('deleted');
    expect(await readFile(join(to, 'docs/other'), 'utf8')).toBe('same');
  });

  it('leaves out what is deleted when no time is given', async () => {
    await restore('docs');
    await expect(lstat(join(to, 'docs/gone'))).rejects.toThrow('ENOENT');
    await expect(restore('docs/gone')).rejects.toThrow(
      expect.objectContaining({ code: 'EXB_NOT_FOUND', exitCode: 16, todo: expect.stringContaining('--at') as string }),
    );
  });

  it('tells versions of equal size and time apart', async () => {
    for (const run of ['backups', 'history/2026-01-20T07:00:00Z'])
      await utimes(join(top, run, 'docs/letter'), 1_700_000_000, 1_700_000_000);
    await put('backups/docs/letter', 'THIRD!');
    await utimes(join(top, 'backups/docs/letter'), 1_700_000_000, 1_700_000_000);
    await restore('docs', '2026-01-15T00:00:00Z');
    expect(await readFile(join(to, 'docs/letter'), 'utf8')).toBe('second');
  });

  it('says so when nothing of that name was ever there', async () => {
    await expect(restore('docs/nothing', '2026-01-05T00:00:00Z')).rejects.toThrow('no such path');
  });

  it('lists all of them, the newest first', async () => {
    const lines = await listVersions(top, 'backups', 'docs/letter');
    expect(lines.map((line) => /in the mirror|2026-01-\d\d/.exec(line.slice(18))?.[0])).toEqual([
      'in the mirror',
      '2026-01-20',
      '2026-01-10',
    ]);
    const names = await listVersions(top, 'backups', 'docs');
    expect(names).toHaveLength(3);
    expect(names[0]).toContain('gone');
  });
});

describe('what is copied', () => {
  it('keeps times, modes and links', async () => {
    const file = join(top, 'backups/docs/old');
    await writeFile(file, 'x', { mode: 0o640 });
    await utimes(file, 1_000_000_000, 1_000_000_000);
    await symlink('/etc/passwd', join(top, 'backups/docs/link'));
    await restore('.');
    const stats = await lstat(join(to, 'docs/old'));
    expect(stats.mtimeMs).toBe(1_000_000_000_000);
    expect(stats.mode & 0o777).toBe(0o640);
    expect(await readlink(join(to, 'docs/link'))).toBe('/etc/passwd');
  });

  it('does not overwrite, unless told to; then it deletes nothing', async () => {
    await put('../target/letter', 'mine');
    await put('../target/keep', 'mine too');
    await expect(restore('docs/letter')).rejects.toThrow('exists already');
    expect(await readFile(join(to, 'letter'), 'utf8')).toBe('mine');
    await restore('docs/letter', undefined, { overwrite: true });
    expect(await readFile(join(to, 'letter'), 'utf8')).toBe('third');
    expect(await readFile(join(to, 'keep'), 'utf8')).toBe('mine too');
  });

  it('writes nothing through a link in place of the target, overwriting or not', async () => {
    const elsewhere = join(top, 'elsewhere');
    await mkdir(elsewhere);
    await mkdir(to, { recursive: true });
    await symlink(elsewhere, join(to, 'docs'));
    for (const overwrite of [true, false])
      await expect(restore('docs', undefined, { overwrite })).rejects.toThrow('is a link to a directory');
    expect(await readdir(elsewhere)).toEqual([]);
    expect(await readlink(join(to, 'docs'))).toBe(elsewhere);
  });

  it('names a target that cannot be one, and does not blame the disk', async () => {
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, 'a file');
    await expect(restore('docs')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('cannot be made or used (ENOTDIR)') as string,
    });
  });

  it('ends where no directory can be made', async () => {
    to = '/proc/nowhere/deep';
    await expect(restore('docs')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('cannot be made or used (ENOENT)') as string,
    });
  });

  it('is only named with --dry-run', async () => {
    const names: string[] = [];
    await restore('docs', undefined, { dryRun: true, onName: (line) => names.push(line) });
    expect(names).toContain('letter');
    await expect(lstat(to)).rejects.toThrow('ENOENT');
  });

  it('shows no name as it is', async () => {
    await put('backups/\x1b[2Jodd\n', 'x');
    await put('../target/\x1b[2Jodd\n', 'y');
    await expect(restore('\x1b[2Jodd\n')).rejects.toThrow('/\\#033[2Jodd\\#012 exists already');
    const lines = [
      ...(await listVersions(top, 'backups', '.')),
      ...(await listVersions(top, 'backups', '.', at('2026-01-15T00:00:00Z'))),
    ];
    expect(lines.filter((line) => line.endsWith('  \\#033[2Jodd\\#012'))).toHaveLength(2);
  });

  it('lists a directory as it was', async () => {
    const lines = await listVersions(top, 'backups', 'docs', at('2026-01-15T00:00:00Z'));
    expect(lines.map((line) => line.split('  ').at(-1))).toEqual(['gone', 'letter', 'other']);
    await expect(listVersions(top, 'backups', 'nothing', at('2026-01-15T00:00:00Z'))).rejects.toThrow('no such path');
  });

  it('does not follow a link out of the backup', async () => {
    await symlink('/etc', join(top, 'backups/etc'));
    await expect(restore('etc/passwd')).rejects.toThrow('no such path');
  });

  it.each([
    ['NFC', 'NFD'],
    ['NFD', 'NFC'],
  ])('is found when typed in %s and stored in %s, in the mirror or the history', async (typed, stored) => {
    await put(`backups/${'Büro'.normalize(stored)}/café`, 'mixed forms'); // café as this file spells it
    await put(`history/2026-01-20T07:00:00Z/${'Büro'.normalize(stored)}/${'über'.normalize(stored)}`, 'deleted');
    const find = (path: string): Promise<string> => storedPath(top, 'backups', path.normalize(typed));
    expect(await find('Büro/café')).toBe(`${'Büro'.normalize(stored)}/café`);
    expect(await find('Büro/über')).toBe('Büro/über'.normalize(stored));
    expect(await find('Büro/ü')).toBe('Büro/ü'.normalize(typed));
  });

  it('is the typed spelling when the disk has it, and refused when the disk has only several others', async () => {
    const part = 'é'.normalize('NFC');
    const other = 'é'.normalize('NFD');
    for (const name of [`${part}/${other}`, `${other}/${part}`]) await put(`backups/${name}`, 'x');
    expect(await storedPath(top, 'backups', `${part}/${other}`)).toBe(`${part}/${other}`);
    await expect(storedPath(top, 'backups', `${part}/${part}`)).rejects.toThrow('several Unicode spellings');
  });

  it('is not looked for behind a link', async () => {
    await mkdir(join(root, 'outside'));
    await writeFile(join(root, 'outside', 'é'.normalize('NFD')), 'x');
    await symlink(join(root, 'outside'), join(top, 'backups/way-out'));
    const typed = `way-out/${'é'.normalize('NFC')}`;
    expect(await storedPath(top, 'backups', typed)).toBe(typed);
  });

  it('does not run out of the backup with ".."', () => {
    expect(() => pathInMirror('../LABEL')).toThrow('leads out');
    expect(() => pathInMirror('a/../../b')).toThrow('leads out');
    expect(pathInMirror('/a//b/')).toBe('a/b');
    expect(pathInMirror('a/../b')).toBe('b');
    expect(pathInMirror('/')).toBe('.');
  });
});

describe('parseHistoryName', () => {
  it.each([
    '2026-01-10T07:00:00Z',
    '20260110T070000Z',
    '2026-01-10T07-00-00Z',
    '20260110T070000.0Z',
    '2026-01-10T07:00:00.000999Z',
  ])('reads %s', (name) => {
    expect(parseHistoryName(name)?.toISOString()).toBe('2026-01-10T07:00:00.000Z');
  });

  it('reads milliseconds', () => {
    expect(parseHistoryName('20260110T070000.123Z')?.toISOString()).toBe('2026-01-10T07:00:00.123Z');
  });

  it.each(['', 'lost+found', '2026-13-10T07:00:00Z', '2026-01-10'])('refuses %j', (name) => {
    expect(parseHistoryName(name)).toBeUndefined();
  });
});

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(top, path)), { recursive: true });
  await writeFile(join(top, path), content);
}

async function restore(
  path: string,
  time?: string,
  more: { overwrite?: boolean; dryRun?: boolean; onName?: (line: string) => void } = {},
): Promise<void> {
  const layers = await layersFor(top, 'backups', path, time === undefined ? undefined : at(time));
  await restoreFiles(
    startProgram,
    {
      layers,
      target: targetIn(to, path),
      overwrite: false,
      dryRun: false,
      onProgress: () => undefined,
      onName: () => undefined,
      ...more,
    },
    signal,
  );
}
