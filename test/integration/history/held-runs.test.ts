import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listPath, renderListing } from '../../../src/restore/restore-list.ts';
import { layersFor } from '../../../src/restore/restore-plan.ts';
import { planRollback, rollBack } from '../../../src/restore/roll-back.ts';
import { HeldError } from '../../../src/guard/hold.ts';
import { listHistory } from '../../../src/history/history-entry.ts';
import { pruneHistory } from '../../../src/history/prune.ts';
import type { UndoProgress } from '../../../src/history/undo-entry.ts';
import { startProgram } from '../../../src/system/command.ts';
import { shownName } from '../../../src/text/shown-name.ts';
import { copyOf, fill, openDisk, readTree, restoreBeside, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
let source: string;
let before: Map<string, string>;

/** Three hundred files on the server, which the disk does not have yet. */
async function useNew(): Promise<void> {
  disk = await openDisk();
  ({ source } = disk);
  await fill(source, 300);
}
/** The same after the first run, which is done once for a group of tests; more files may be made before it. */
function usePulled(makeMore: () => Promise<void> = () => Promise.resolve()): void {
  let first: DiskAndServer;
  beforeAll(async () => {
    await useNew();
    await makeMore();
    await disk.pull();
    first = disk;
  });
  afterAll(() => first.remove());
  beforeEach(async () => {
    disk = await copyOf(first);
    ({ source } = disk);
    before = await readTree(disk.mirror);
  });
}
afterEach(() => disk.remove());

const never = new AbortController().signal;
const file = (index: number): string => join(source, `folder-${String(index % 5)}`, `file-${String(index)}`);
const rollback = async (
  to?: Date,
  signal = never,
  done: UndoProgress = { removed: 0, restored: 0, left: 0 },
): Promise<UndoProgress> => {
  const plan = await planRollback(disk.top, disk.record, to, signal);
  if (!plan) throw new Error('there is nothing to undo');
  await rollBack(startProgram, disk.top, 'backups', plan, done, signal);
  return done;
};
/** Approves a held run, as an operator does. */
function approve({ facts, message }: HeldError, reason: string): void {
  const at = new Date().toISOString();
  const counts = facts.counts ?? { created: 0, changed: 0, deleted: 0, changedBytes: 0 };
  const approved = { at, by: 'root', reason };
  disk.record = { ...disk.record, hold: { runId: 'r', at, reason: message, counts, approved } };
}
const heldBy = async (settings: object = {}): Promise<HeldError> => {
  const error: unknown = await disk.pull({ settings }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HeldError)) throw new Error(`expected the run to be held, got ${String(error)}`);
  return error;
};

describe('a run that changes everything that can change', () => {
  let first: Date;
  usePulled(async () => {
    await writeFile(join(source, 'becomes-directory'), 'file');
    await mkdir(join(source, 'becomes-file/deep'), { recursive: true });
    await writeFile(join(source, 'becomes-file/deep/x'), 'x');
    await mkdir(join(source, 'gone/empty'), { recursive: true });
    await writeFile(join(source, 'gone/y'), 'y');
    await mkdir(join(source, 'becomes-link'));
    await writeFile(join(source, 'becomes-link/passwd'), 'not the real one');
    await symlink('folder-1', join(source, 'link'));
    await link(file(7), join(source, 'hard'));
    await writeFile(Buffer.concat([Buffer.from(`${source}/odd \n\\#123 `), Buffer.from([0xff])]), 'odd');
  });
  beforeEach(async () => {
    first = new Date((await listHistory(disk.top))[0]?.at ?? 0);
    await rm(join(source, 'becomes-directory'));
    await mkdir(join(source, 'becomes-directory/new'), { recursive: true });
    await writeFile(join(source, 'becomes-directory/new/z'), 'z');
    for (const name of ['becomes-file', 'gone', 'becomes-link']) await rm(join(source, name), { recursive: true });
    await writeFile(join(source, 'becomes-file'), 'now a file');
    await symlink('/etc', join(source, 'becomes-link'));
    await unlink(join(source, 'link'));
    await symlink('folder-2', join(source, 'link'));
    await writeFile(join(source, 'hard'), 'both names change');
    await rm(Buffer.concat([Buffer.from(`${source}/odd \n\\#123 `), Buffer.from([0xff])]));
    await writeFile(Buffer.concat([Buffer.from(`${source}/new \t\\#011 `), Buffer.from([0xfe])]), 'new');
    await mkdir(join(source, 'new-directory/empty'), { recursive: true });
  });

  it('makes an exact mirror, and keeps what it replaced', async () => {
    await disk.pull();
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
    expect((await listHistory(disk.top)).length).toBeGreaterThanOrEqual(2);
  });

  it('is undone without a trace', async () => {
    await disk.pull();
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
    expect(await readdir(join(disk.top, 'history'))).toEqual([]);
  });

  it('is undone with the rest of a file that was in hand when rsync was killed', async () => {
    await writeFile(join(disk.mirror, '.older.AbC123'), 'from the server');
    await utimes(join(disk.mirror, '.older.AbC123'), 1_000_000_000, 1_000_000_000);
    await writeFile(join(source, '.older.AbC123'), 'from the server');
    await utimes(join(source, '.older.AbC123'), 1_000_000_000, 1_000_000_000);
    before = await readTree(disk.mirror);
    const since = disk.record;
    await disk.pull();
    disk.record = since; // as if it had been killed
    await writeFile(join(disk.mirror, 'folder-1/.file-1.AbC123'), 'half a f');
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
  });

  it('is undone in as many pieces as it takes', async () => {
    await disk.pull();
    for (let pieces = 1; ; pieces += 1) {
      // Ended at each third file, the undo is begun again where it was.
      const stop = new AbortController();
      let seen = 0;
      const counting = {
        removed: 0,
        left: 0,
        get restored() {
          return seen;
        },
        set restored(value: number) {
          seen = value;
          if (value >= 3) stop.abort();
        },
      };
      const ended = await rollback(first, stop.signal, counting).then(
        () => true,
        (error: unknown) => {
          if (!stop.signal.aborted) throw error;
          return false;
        },
      );
      if (!ended) continue;
      expect(pieces).toBeGreaterThan(1);
      break;
    }
    expect(await readTree(disk.mirror)).toEqual(before);
  });

  it('can be looked behind: --at leaves out what came later', async () => {
    await disk.pull();
    expect(await restoreBeside(disk, '.', first)).toEqual(before);
    await expect(layersFor(disk.top, 'backups', 'becomes-directory/new/z', first)).rejects.toThrow(
      'did not exist at that time',
    );
  });

  it('is listed as it was, with directories that were empty', async () => {
    await disk.pull();
    const namesIn = async (path: string): Promise<string[]> =>
      (await listPath(disk.top, 'backups', path, first)).entries.map(({ name }) => name).sort();
    const inTree = (path: string): string[] =>
      [...before.keys()]
        .flatMap((name) => (dirname(name) === path ? [shownName(Buffer.from(basename(name), 'latin1'))] : []))
        .sort();
    for (const path of ['.', 'gone', 'becomes-file', 'becomes-file/deep', 'becomes-link'])
      expect(await namesIn(path), path).toEqual(inTree(path));
    expect(await namesIn('gone/empty')).toEqual([]);
    const { entries } = await listPath(disk.top, 'backups', 'gone', first);
    expect(entries.find(({ name }) => name === 'empty')).toMatchObject({ kind: 'directory', changedAt: undefined });
    expect(renderListing({ of: 'directory', entries })).toContain('time not known    directory  empty');
  });

  it('gives back an empty directory that was deleted, alone, too', async () => {
    await disk.pull();
    expect(await restoreBeside(disk, 'gone/empty', first)).toEqual(new Map());
    await expect(layersFor(disk.top, 'backups', 'gone/never', first)).rejects.toThrow('no such path');
  });
});

describe('a run that was cut off', () => {
  usePulled();

  it('loses nothing of its history: the next one keeps another entry, and both are undone', async () => {
    for (let index = 0; index < 90; index += 1) await writeFile(file(index), 'second');
    await writeFile(join(source, 'large'), Buffer.alloc(30_000_000, 7));
    const stop = new AbortController();
    const slow = { pull: { retries: 0, bandwidthLimit: 2_000, compress: 'never' as const } };
    const ended = disk.pull({
      settings: slow,
      signal: stop.signal,
      onProgress: () => {
        stop.abort();
      },
    });
    await expect(ended).rejects.toThrow('cancelled');
    for (let index = 0; index < 90; index += 1) await writeFile(file(index), 'third, longer');
    const since = disk.record;
    await disk.pull();
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
    disk.record = since; // both runs came after the first one
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
  });
});

/** Twenty of many letters are encrypted in place, or with a new ending; far fewer than the limits allow. */
async function encryptSome(ending = ''): Promise<{ warnings: string[]; letters: string }> {
  const letters = 'Dear customer, thank you for your letter. '.repeat(60);
  await mkdir(join(source, 'letters'));
  for (let index = 0; index < 40; index += 1) await writeFile(join(source, `letters/${index}.txt`), letters);
  await disk.pull();
  for (let index = 0; index < 20; index += 1) {
    if (ending !== '') await rm(join(source, `letters/${index}.txt`));
    await writeFile(join(source, `letters/${index}.txt${ending}`), randomBytes(2_600));
  }
  return { warnings: [], letters };
}

describe('a source that looks wrong', () => {
  usePulled();

  it('with other content in most files is held early, and put back', async () => {
    for (let index = 0; index < 250; index += 1) await writeFile(file(index), Buffer.alloc(20_000, index));
    const { message, facts } = await heldBy({
      pull: { retries: 0, bandwidthLimit: 2_000, compress: 'never' as const },
    });
    expect(message).toMatch(/^held: 8\d % of files changed \(250\)/);
    expect(facts.headline).toMatch(/^8\d % of the files are changed on the server$/);
    expect(facts.counts).toMatchObject({ changed: 250, deleted: 0 });
    const replaced = [...(await readTree(disk.mirror))].filter(
      ([path, content]) => before.get(path) !== content,
    ).length;
    expect(replaced).toBeLessThan(200);
    expect(await readFile(join(disk.top, '.extbackup/held.txt'), 'utf8')).toMatch(/^ +50 +0 +0 {2}folder-0$/m);
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
  });

  it('with all files renamed is held before anything is deleted', async () => {
    for (let index = 0; index < 300; index += 1) await rename(file(index), `${file(index)}.locked`);
    const { facts } = await heldBy();
    expect(facts).toMatchObject({ isAlarm: true, headline: expect.stringContaining('looks like an attack') as string });
    expect(await readFile(join(disk.top, '.extbackup/suspicious.txt'), 'utf8')).toContain(
      'New ending of many files: .locked',
    );
    expect(facts.counts).toMatchObject({ created: 300, deleted: 300 });
    const now = await readTree(disk.mirror);
    expect([...before].filter(([path, content]) => now.get(path) !== content)).toEqual([]);
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
  });

  it('with half of it gone is held, goes on when that was approved, and can still be undone', async () => {
    for (let index = 0; index < 150; index += 1) await rm(file(index));
    const held = await heldBy();
    expect(held.facts.counts).toMatchObject({ deleted: 150 });
    approve(held, 'moved');
    await disk.pull();
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
  });

  it('with all files renamed goes on when that was approved, and both runs are undone together', async () => {
    for (let index = 0; index < 300; index += 1) await rename(file(index), `${file(index)}.locked`);
    approve(await heldBy(), 'renamed');
    await disk.pull();
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
  });

  it('with some letters encrypted, far below the limits, is told, and can be put back', async () => {
    const { warnings, letters } = await encryptSome();
    expect((await disk.pull({ onWarning: (reason) => warnings.push(reason) })).suspicious).toBe(true);
    expect(warnings).toEqual([expect.stringMatching(/20 of 2\d new or changed files .* encrypted them/)]);
    expect(warnings.join()).not.toContain('letter');
    expect(await readFile(join(disk.top, '.extbackup/suspicious.txt'), 'utf8')).toContain('letters/0.txt');
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
    await rollback();
    expect(await readFile(join(disk.mirror, 'letters/0.txt'), 'latin1')).toBe(letters);
  });

  it('with some letters encrypted is held where the settings say so, before anything is deleted', async () => {
    await encryptSome();
    const here = await readTree(disk.mirror);
    await rm(file(3));
    const { message } = await heldBy({ guard: { content: 'hold' } });
    expect(message).toMatch(/^held: the data from the server looks as if it had been attacked/);
    expect((await readTree(disk.mirror)).has('folder-3/file-3')).toBe(true);
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(here);
  });

  it('with letters encrypted under a new ending, and a demand beside them, is told', async () => {
    const { warnings } = await encryptSome('.locked');
    await writeFile(join(source, 'HOW_TO_DECRYPT.txt'), 'pay');
    await disk.pull({ onWarning: (reason) => warnings.push(reason) });
    expect(warnings.join()).toMatch(/20 of 2\d .* one and the same new ending.*ransom note/);
  });

  it('is no attack: edited letters, new archives, photos and films', async () => {
    const warnings: string[] = [];
    await mkdir(join(source, 'media'));
    await disk.pull();
    for (let index = 0; index < 60; index += 1)
      await writeFile(file(index), `edited ${'again and again '.repeat(index * 10)}`);
    for (let index = 0; index < 20; index += 1) {
      const noise = randomBytes(20_000);
      await writeFile(join(source, `media/${index}.gz`), gzipSync(noise));
      await writeFile(
        join(source, `media/${index}.jpg`),
        Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), noise]),
      );
      await writeFile(
        join(source, `media/${index}.mp4`),
        Buffer.concat([Buffer.from('\0\0\0\x20ftypisom', 'latin1'), noise]),
      );
      await writeFile(join(source, `media/${index}.zip`), Buffer.concat([Buffer.from('PK\x03\x04'), noise]));
      await writeFile(join(source, `media/vault-${index}`), noise);
    }
    expect((await disk.pull({ onWarning: (reason) => warnings.push(reason) })).suspicious).toBe(false);
    for (let index = 0; index < 20; index += 1)
      await writeFile(
        join(source, `media/${index}.jpg`),
        Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), randomBytes(20_000)]),
      );
    for (let index = 0; index < 20; index += 1)
      await writeFile(join(source, `media/vault-${index}`), randomBytes(20_000));
    await disk.pull({ onWarning: (reason) => warnings.push(reason) });
    expect(warnings).toEqual([]);
  });

  it('that is not there at all is an error', async () => {
    await expect(disk.pull({ settings: { source: 'extbackup@backup:missing' } })).rejects.toThrow(
      expect.objectContaining({ code: 'EXB_NO_SOURCE' }),
    );
    expect(await readTree(disk.mirror)).toEqual(before);
  });

  it('is no busy week: some changes, some deletions, a large new directory', async () => {
    for (let index = 0; index < 6; index += 1) await writeFile(file(index), 'edited');
    for (let index = 6; index < 9; index += 1) await rm(file(index));
    await fill(join(source, 'new'), 100);
    await disk.pull();
    expect(await readTree(disk.mirror)).toEqual(await readTree(source));
  });
});

describe('the history', () => {
  beforeEach(useNew);

  it('gives back what was lost little by little, each step below the limits', async () => {
    await disk.pull();
    before = await readTree(disk.mirror);
    const then = new Date((await listHistory(disk.top))[0]?.at ?? 0);
    for (let step = 0; step < 4; step += 1) {
      for (let index = step * 20; index < step * 20 + 20; index += 1) await rm(file(index));
      for (let index = 200 + step * 20; index < 220 + step * 20; index += 1)
        await writeFile(file(index), `spoilt in step ${step}`);
      await disk.pull();
      expect(await readTree(disk.mirror)).toEqual(await readTree(source));
      expect(await restoreBeside(disk, '.', then)).toEqual(before);
    }
  });

  it('is thinned out, the oldest first, and what is left can still be undone', async () => {
    const states: Map<string, string>[] = [];
    for (const content of ['one', 'second', 'the third']) {
      await writeFile(file(1), content);
      await disk.pull();
      states.push(await readTree(disk.mirror));
    }
    expect(await listHistory(disk.top)).toHaveLength(3);
    const rule = { now: new Date(), count: 1, minFree: 0, atLeast: 0, perRun: 1 };
    const pruning = { rule, budget: { entries: 3, bytes: Infinity }, position: 3 };
    expect(await pruneHistory(startProgram, disk.top, pruning, never)).toMatchObject({ removed: 2, stuck: 0 });
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(states[1]);
  });

  it('has no entry for a run that changed nothing, nor for rights alone', async () => {
    await disk.pull();
    const entries = await listHistory(disk.top);
    await disk.pull();
    await chmod(file(1), 0o600);
    await utimes(file(2), 1_000_000_000, 1_000_000_000);
    await disk.pull();
    expect((await listHistory(disk.top)).length - entries.length).toBeLessThanOrEqual(1);
  });
});
