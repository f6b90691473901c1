import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listHistory, newHistoryEntry } from '../../../src/history/history-entry.ts';
import { beginLog } from '../../../src/history/log-header.ts';
import { beginCollecting, collectedEntry, finishCollecting } from '../../../src/history/work-directory.ts';

let top: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'extbackup-collecting-'));
});
afterEach(() => rm(top, { recursive: true }));

/** What a run does until its rsync has replaced a file. */
async function replaceSome(): Promise<{ name: string; directory: string }> {
  const entry = await newHistoryEntry(top, new Date('2026-11-24T06:25:00.123Z'));
  const directory = (await beginCollecting(top, entry.name)) ?? '';
  await beginLog(entry.log, undefined, entry.stamp);
  await mkdir(directory);
  await writeFile(join(directory, 'letter'), 'as it was');
  return { name: entry.name, directory };
}

describe('what an rsync replaces', () => {
  it('is in the history when it has ended', async () => {
    const { name } = await replaceSome();
    await finishCollecting(top);
    expect(await readFile(join(top, 'history', name, 'letter'), 'utf8')).toBe('as it was');
    expect(await collectedEntry(top)).toBeUndefined();
    expect(await readdir(join(top, '.extbackup-work'))).toEqual([]);
  });

  it('is found before that, and after a power cut', async () => {
    const { name, directory } = await replaceSome();
    expect(await listHistory(top)).toMatchObject([{ name, directory }]);
    await finishCollecting(top);
    expect(await listHistory(top)).toMatchObject([{ name, directory: join(top, 'history', name) }]);
  });

  it('is moved by the next one, which begins with nothing', async () => {
    const { name, directory } = await replaceSome();
    expect(await beginCollecting(top, '20261125T062500.123Z')).toBe(directory);
    expect(await readdir(join(top, 'history'))).toEqual([name]);
    expect(await readdir(join(top, '.extbackup-work'))).toEqual([]);
  });

  it('does not take the place of another entry, and is an entry of its own then', async () => {
    const { name } = await replaceSome();
    await mkdir(join(top, 'history', name));
    await writeFile(join(top, 'history', name, 'older'), 'older');
    await finishCollecting(top, new Date('2026-11-25T00:00:00Z'));
    expect(await readdir(join(top, 'history', name))).toEqual(['older']);
    expect(await readFile(join(top, 'history/20261125T000000.000Z/letter'), 'utf8')).toBe('as it was');
  });

  it.each(['.extbackup-work', '.extbackup-work/replacements', 'history'])(
    'is not moved through a link in place of %s',
    async (planted) => {
      const { name } = await replaceSome();
      await mkdir(join(top, 'outside/replacements'), { recursive: true });
      await rm(join(top, planted), { recursive: true });
      await symlink(join(top, 'outside'), join(top, planted));
      await expect(finishCollecting(top)).rejects.toMatchObject({ code: 'EXB_STRANGE_INSIDE' });
      expect(await readdir(join(top, 'outside'))).toEqual(['replacements']);
      expect(name).not.toBe('');
    },
  );

  it.each(['../../etc\n', ''])('is not lost with its note (%j), and follows no name that is no time', async (text) => {
    const { directory } = await replaceSome();
    await writeFile(join(top, '.extbackup/collecting'), text);
    expect(await collectedEntry(top)).toBeUndefined();
    await finishCollecting(top, new Date('2026-11-25T00:00:00Z'));
    await expect(readdir(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(join(top, 'history'))).toEqual(['20261125T000000.000Z']);
  });

  it('that is empty is no entry', async () => {
    const { directory } = await replaceSome();
    await rm(join(directory, 'letter'));
    await finishCollecting(top);
    expect(await readdir(join(top, 'history'))).toEqual([]);
    expect(await readdir(join(top, '.extbackup-work'))).toEqual([]);
  });
});
