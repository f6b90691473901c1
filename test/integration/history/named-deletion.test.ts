import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, lstat, link, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planRollback, rollBack } from '../../../src/restore/roll-back.ts';
import { HeldError } from '../../../src/guard/hold.ts';
import { startProgram } from '../../../src/system/command.ts';
import { fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';
import { factor, runs } from '../../property-runs.ts';

/** What the copying phase names is moved, or deleted by a local rsync, and the server is not asked again. */
let disk: DiskAndServer;
beforeEach(async () => {
  disk = await openDisk();
});
afterEach(() => disk.remove());

const never = new AbortController().signal;
const noGuard = { guard: { enabled: false } };
const exclude = { pull: { retries: 0, exclude: ['*.tmp', '/kept/'] } };

async function rollback(): Promise<void> {
  const plan = await planRollback(disk.top, disk.record, undefined, never);
  if (!plan) throw new Error('there is nothing to undo');
  await rollBack(startProgram, disk.top, 'backups', plan, { removed: 0, restored: 0, left: 0 }, never);
}

/** A directory here keeps names from being moved, so a local rsync deletes them. */
const noMoving = (): string => join(disk.top, '.extbackup-work/directories.tar');

/** What a pull took: `far` is an rsync that looks at the server, `local` one that deletes what was named; it may be `moved`, too. */
async function phases(settings: object, excluded = 0): Promise<string[]> {
  const before = disk.rsyncs.length;
  const { figures } = await disk.pull({ settings });
  const files = (await readdir(disk.source, { recursive: true, withFileTypes: true })).filter(
    (one) => !one.isDirectory(),
  );
  expect(figures.filesTotal).toBe(files.length - excluded); // the next run's guard counts with it
  expect(figures.bytesTotal).toBeGreaterThan(0);
  return disk.rsyncs
    .slice(before)
    .map((args) => (args.includes('--delete-missing-args') ? 'local' : args[0] === '--create' ? 'moved' : 'far'));
}

/** What rsync itself makes of the mirror; undefined where it leaves gaps, as when something excluded is in the way of a file. */
async function plainly(settings: { pull?: { exclude?: readonly string[] } }): Promise<Map<string, string> | undefined> {
  const copy = join(disk.top, '../plain');
  await rm(copy, { recursive: true, force: true });
  await startProgram({ file: '/usr/bin/cp', args: ['-a', disk.mirror, copy], timeoutMs: 60_000 });
  const args = [
    '-aHAX',
    '--delete',
    ...(settings.pull?.exclude ?? []).map((pattern) => `--filter=-s ${pattern}`),
    `${disk.source}/`,
    `${copy}/`,
  ];
  const { exitCode } = await startProgram({ file: '/usr/bin/rsync', args, timeoutMs: 60_000, accept: [23] });
  return exitCode === 0 ? await readTree(copy) : undefined;
}

/** Gives all directories a time of long ago: rsync takes two times in the same second for equal. */
async function age(root: string, date: string): Promise<void> {
  const directories = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((one) => one.isDirectory())
    .map((one) => join(one.parentPath, one.name));
  await startProgram({ file: '/usr/bin/touch', args: [`--date=${date}`, root, ...directories], timeoutMs: 60_000 });
}

/** Times of all directories in nanoseconds: a deletion must leave no trace of itself. */
async function directoryTimes(root: string): Promise<Map<string, bigint>> {
  const times = new Map<string, bigint>();
  const timeOf = async (path: string): Promise<bigint> => (await lstat(path, { bigint: true })).mtimeNs;
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    times.set(path.slice(root.length), await timeOf(path));
  }
  times.set('', await timeOf(root));
  return times;
}

/** A name that is hard to get right: bytes that are no text, what rsync escapes, and what its own files give a meaning to. */
const name = fc
  .constantFrom(
    'a',
    'b',
    'c.tmp',
    'kept',
    '-n',
    '#x',
    ';y',
    ' z ',
    'ü',
    'new\nline',
    '\\#101',
    'tab\t',
    'x) mode=100644 flags=2',
    '*',
    '[q]',
    '?',
    '\x01',
    'host:path',
  )
  .map((text) => Buffer.from(text))
  .chain((text) => fc.constantFrom(text, Buffer.concat([text, Buffer.from([0xff])])));
const entry = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 3 }),
  kind: fc.constantFrom('file', 'file', 'directory', 'link', 'hard'),
  isOnServer: fc.boolean(),
});
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

/** Something that is excluded goes with a directory that makes way. */
const excludedGoes: Entry[] = [
  { path: [Buffer.from('a'), Buffer.from('c.tmp')], kind: 'file', isOnServer: false },
  { path: [Buffer.from('a')], kind: 'file', isOnServer: true },
];

/** An empty directory, and one with an empty one in it, whose place a file takes. */
const x = Buffer.from('#x\xff', 'latin1');
const directoryMakesWay: Entry[] = [
  { path: [x], kind: 'directory', isOnServer: false },
  { path: [x], kind: 'file', isOnServer: true },
];
const directoriesMakeWay: Entry[] = [
  { path: [x, Buffer.from('a')], kind: 'directory', isOnServer: false },
  { path: [x], kind: 'file', isOnServer: true },
];

/** Makes a tree of entries; one whose place is taken, or has a file on its way, is left out. */
async function make(root: string, entries: readonly Entry[]): Promise<void> {
  await rm(root, { recursive: true, force: true });
  await mkdir(root);
  let first: Buffer | undefined;
  for (const { path, kind } of entries) {
    const full = Buffer.concat([Buffer.from(root), ...path.flatMap((part) => [Buffer.from('/'), part])]);
    try {
      await mkdir(full.subarray(0, full.lastIndexOf('/')), { recursive: true });
      if (kind === 'directory') await mkdir(full);
      else if (kind === 'link') await symlink('/etc', full);
      else if (kind === 'hard' && first) await link(first, full);
      else {
        await writeFile(full, `content of ${full.toString('latin1')}`, { flag: 'wx' });
        await utimes(full, 1_700_000_000, 1_700_000_000);
        first ??= full;
      }
    } catch (error) {
      if (!['EEXIST', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

describe('what the server has no longer', () => {
  it.each([
    ['moved', {}],
    ['moved', exclude],
  ])(
    'is deleted without a second look at the server, kept in the history, and comes back (%s)',
    async (way, settings) => {
      await fill(disk.source, 60);
      await mkdir(join(disk.source, 'gone/empty/deep'), { recursive: true });
      for (const text of ['x', '#y', 'new\nline']) await writeFile(join(disk.source, 'gone', text), text);
      await symlink('/etc', join(disk.source, 'gone/link'));
      await writeFile(join(disk.source, 'top'), 'top');
      await age(disk.source, '@1600000000.123456789');
      await disk.pull();
      const before = await readTree(disk.mirror);
      await rm(join(disk.source, 'gone'), { recursive: true });
      await rm(join(disk.source, 'folder-1/file-1'));
      await rm(join(disk.source, 'top'));
      await age(disk.source, '@1700000000.987654321');
      expect(await phases(settings)).toEqual(['far', way]);
      expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
      expect(await directoryTimes(disk.mirror)).toEqual(await directoryTimes(disk.source));
      expect((await readdir(join(disk.top, '.extbackup'))).sort()).toEqual(['attributes', 'history', 'last-run.log']);
      await rollback();
      expect(await readTree(disk.mirror)).toEqual(before);
    },
  );

  it('is deleted to the same end as rsync --delete would, whatever it is called, and comes back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 14 }), fc.boolean(), async (entries, hasExcludes) => {
        await disk.remove();
        disk = await openDisk();
        const settings = { ...noGuard, ...(hasExcludes && exclude) };
        await make(disk.source, [{ path: [Buffer.from('always')], kind: 'file', isOnServer: true }, ...entries]);
        await disk.pull({ settings: noGuard });
        const before = await readTree(disk.mirror);
        await make(disk.source, [
          { path: [Buffer.from('always')], kind: 'file', isOnServer: true },
          ...entries.filter(({ isOnServer }) => isOnServer),
        ]);
        const wanted = await plainly(hasExcludes ? exclude : {});
        const { complete } = await disk.pull({ settings });
        expect(complete).toBe(wanted !== undefined);
        if (wanted === undefined) return;
        expect(await readTree(disk.mirror)).toEqual(wanted);
        if (disk.rsyncs.length < 3) return;
        await rollback();
        expect(await readTree(disk.mirror)).toEqual(before);
      }),
      {
        ...runs(12),
        examples: [
          [directoryMakesWay, false],
          [directoriesMakeWay, false],
          [excludedGoes, true],
        ],
      },
    );
  });

  it('goes to the history where the settings have come to leave it out, and comes back', async () => {
    await fill(disk.source, 20);
    await mkdir(join(disk.source, 'gone/deep'), { recursive: true });
    for (const path of ['gone/x', 'gone/deep/y', 'gone/deep/z.tmp']) await writeFile(join(disk.source, path), path);
    await mkdir(join(disk.source, 'kept'));
    await writeFile(join(disk.source, 'kept/large'), 'large');
    await disk.pull();
    const before = await readTree(disk.mirror);
    const held = await disk
      .pull({ settings: { ...exclude, guard: { floor: 0, deleted: '1%' } } })
      .catch((error: unknown) => error);
    expect(held).toMatchObject({ code: 'EXB_HELD' }); // counted like any other deletion
    expect(await readTree(disk.mirror)).toEqual(before);
    expect(await phases({ ...noGuard, ...exclude }, 2)).toEqual(['far', 'moved']);
    const wanted = [...before.keys()].filter((path) => !path.startsWith('kept') && !path.endsWith('.tmp'));
    expect([...(await readTree(disk.mirror)).keys()]).toEqual(wanted);
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
  });
});

/** Milliseconds after which each way is cut off; each case makes and deletes a thousand files. */
const cuts = factor === 1 ? { moved: [5], local: [10] } : { moved: [0, 5, 20], local: [0, 10, 30] };

it.each(Object.entries(cuts).flatMap(([way, delays]) => delays.map((delay) => [delay, way] as const)))(
  'cut off %i ms after the first deletion, it is undone, and done by the next run (%s)',
  async (delay, way) => {
    await fill(disk.source, 20);
    await mkdir(join(disk.source, 'gone/empty'), { recursive: true });
    for (let index = 0; index < 1_000; index += 1)
      writeFileSync(join(disk.source, 'gone', String(index)), String(index));
    await age(disk.source, '@1600000000.123456789');
    await disk.pull();
    const [before, record] = [await readTree(disk.mirror), disk.record];
    if (way === 'local') await mkdir(noMoving(), { recursive: true });
    // A directory that goes as a whole would be moved as a whole.
    for (let index = 0; index < 1_000; index += 1) rmSync(join(disk.source, 'gone', String(index)));
    await age(disk.source, '@1600000000.123456789');
    const stop = new AbortController();
    const all = (await readdir(join(disk.mirror, 'gone'))).length;
    const deletion = way === 'moved' ? '--create' : '--delete-missing-args';
    const watch = setInterval(() => {
      if (!disk.rsyncs.at(-1)?.includes(deletion)) return;
      if (existsSync(join(disk.mirror, 'gone')) && readdirSync(join(disk.mirror, 'gone')).length === all) return;
      clearInterval(watch);
      setTimeout(() => {
        stop.abort();
      }, delay);
    }, 1);
    await disk.pull({ settings: noGuard, signal: stop.signal }).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    clearInterval(watch);
    expect(disk.rsyncs.at(-1)).toContain(deletion);
    await rm(noMoving(), { recursive: true, force: true });
    expect((await readdir(join(disk.top, '.extbackup'))).sort()).toEqual(['attributes', 'history', 'last-run.log']);
    if (way === 'moved') expect(await directoryTimes(disk.mirror)).toEqual(await directoryTimes(disk.source)); // also when it was cut off
    disk.record = record; // also where it came to its end: it is undone all the same
    await rollback();
    expect(await readTree(disk.mirror)).toEqual(before);
    await disk.pull({ settings: noGuard });
    expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
  },
);

it('a directory that something is deleted from has its owner, rights, ACL and attributes in the history, too', async () => {
  await fill(disk.source, 20);
  const folder = join(disk.source, 'folder-1');
  for (const [file, args] of [
    ['chown', ['1234:4321', folder]],
    ['chmod', ['2750', folder]],
    ['setfacl', ['-m', 'u:77:rwx,d:u:78:r-x', folder]],
  ] as const) {
    await startProgram({ file: `/usr/bin/${file}`, args, timeoutMs: 10_000 });
  }
  await disk.pull();
  await rm(join(folder, 'file-1'));
  expect(await phases({})).toEqual(['far', 'moved']);
  const [entry = ''] = await readdir(join(disk.top, 'history'));
  const aclOf = async (directory: string): Promise<string> =>
    (
      await startProgram({
        file: '/usr/bin/getfacl',
        args: ['--numeric', '--omit-header', directory],
        timeoutMs: 10_000,
      })
    ).stdout;
  const kept = join(disk.top, 'history', entry, 'folder-1');
  expect(await readdir(kept)).toEqual(['file-1']);
  for (const there of [kept, join(disk.mirror, 'folder-1')]) {
    const { uid, gid, mode } = await lstat(there);
    expect([uid, gid, mode & 0o7777]).toEqual([1234, 4321, 0o2770]); // the group's bits are the ACL's mask
    expect(await aclOf(there)).toBe(await aclOf(folder));
  }
});

describe('the server is asked again', () => {
  it('when a directory has to make way for a file', async () => {
    await fill(disk.source, 20);
    await mkdir(join(disk.source, 'changes'));
    await writeFile(join(disk.source, 'changes/x'), 'x');
    await disk.pull();
    await rm(join(disk.source, 'changes'), { recursive: true });
    await writeFile(join(disk.source, 'changes'), 'now a file');
    await rm(join(disk.source, 'folder-1/file-1'));
    expect(await phases({})).toEqual(['far', 'far']);
    expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
  });
});

it.each([true, false])(
  'what somebody planted in place of the stand-in is never copied, and nothing outside is touched (a link: %s)',
  async (isLink) => {
    await fill(disk.source, 20);
    await disk.pull();
    const planted = join(disk.top, isLink ? '../outside' : '.extbackup-work/stand-in', 'backups/folder-1');
    await mkdir(planted, { recursive: true });
    await writeFile(join(planted, 'file-1'), 'planted');
    if (isLink) await mkdir(join(disk.top, '.extbackup-work'), { recursive: true });
    if (isLink) await symlink(join(disk.top, '../outside'), join(disk.top, '.extbackup-work/stand-in'));
    await rm(join(disk.source, 'folder-1/file-1'));
    expect(await phases({ history: { enabled: false } })).toEqual(['far', 'local']);
    expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
    if (isLink) expect(await readdir(planted)).toEqual(['file-1']);
  },
);

it.each(['directories.list', 'directories.tar'])('no link that somebody planted as %s is followed', async (planted) => {
  await fill(disk.source, 20);
  await disk.pull();
  const outside = join(disk.top, '../outside');
  await writeFile(outside, 'outside');
  await mkdir(join(disk.top, '.extbackup-work'), { recursive: true });
  await symlink(outside, join(disk.top, '.extbackup-work', planted));
  await rm(join(disk.source, 'folder-1/file-1'));
  expect(await phases({})).toEqual(['far', 'moved']);
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
  expect(await readFile(outside, 'utf8')).toBe('outside');
});

it('what is more than the limits allow is not deleted at all', async () => {
  await fill(disk.source, 300);
  await disk.pull();
  const before = await readTree(disk.mirror);
  for (const folder of ['folder-0', 'folder-1'])
    await rename(join(disk.source, folder), join(disk.source, `${folder}-renamed`));
  await expect(disk.pull({ settings: { guard: { floor: 10 } } })).rejects.toThrow(HeldError);
  expect(disk.rsyncs.some((args) => args.includes('--delete-missing-args') || args[0] === '--create')).toBe(false);
  const after = await readTree(disk.mirror);
  for (const [path, content] of before) expect(after.get(path)).toBe(content);
});
