import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { damageFile } from '../../../src/verify/bad-files.ts';
import { comparePaths, keyOf, splitKey } from '../../../src/verify/checksum-entry.ts';
import { openChecksums } from '../../../src/verify/checksum-store.ts';
import { verifyDisk, type DiskVerdict, type Part } from '../../../src/verify/verify-disk.ts';
import { verifyTree, type Verdict, type VerifyOrder } from '../../../src/verify/verify-tree.ts';
import { changeFormat } from '../../../src/history/change.ts';
import { beginLog } from '../../../src/history/log-header.ts';
import { startProgram } from '../../../src/system/command.ts';
import { runs } from '../../property-runs.ts';

const signal = new AbortController().signal;
let top: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'extbackup-verify-'));
  await mkdir(join(top, '.extbackup'));
  for (const name of ['a', 'a.b', 'a-dir/x', 'b/c/d', 'z']) await put(name, `content of ${name}`);
});

afterEach(async () => {
  await rm(top, { recursive: true });
});

describe('a whole verification', () => {
  it('records first and compares from the second time on', async () => {
    expect(await verify()).toMatchObject({ recorded: 5, compared: 0, found: none, complete: true });
    expect(await verify()).toMatchObject({ recorded: 0, compared: 5, found: none, complete: true });
  });

  it('finds one flipped byte, names it on the disk only until it is repaired, and has it copied again', async () => {
    await verify();
    await flip('b/c/d');
    expect((await verify()).found).toEqual({ damaged: 1, unreadable: 0 });
    expect(await readFile(join(top, damageFile), 'utf8')).toContain('  b/c/d\n');
    expect((await verify(true)).found.damaged, 'a damaged file stays damaged').toBe(1);
    expect((await stat(join(top, 'backups/b/c/d'))).mtimeMs, 'its time makes rsync copy it again').toBe(640.625);
    expect((await verify()).known.damaged, 'until it was copied').toBe(1);
    await put('b/c/d', 'content of b/c/d');
    expect((await verify()).known).toEqual(none);
    await expect(stat(join(top, damageFile))).rejects.toThrow('ENOENT');
  });

  it('has a damaged file of 1970-01-01 copied again, and takes its good copy off the list', async () => {
    const file = join(top, 'backups/z');
    await utimes(file, 0, 0);
    await verify();
    await flip('z');
    expect((await verify(true)).found.damaged).toBe(1);
    expect((await stat(file)).mtimeMs, 'another second than its own').toBe(1640.625);
    await verify(true);
    expect((await stat(file)).mtimeMs, 'marked once').toBe(1640.625);
    await writeFile(file, 'content of z');
    await utimes(file, 0, 0); // as rsync does
    expect((await verify()).known).toEqual(none);
  });

  it('leaves out a file whose path is too long for the kernel, and reads all others', async () => {
    const script = [
      'import os, sys',
      'os.chdir(sys.argv[1])',
      'for _ in range(42):',
      '  os.makedirs("d" * 98, exist_ok=True); os.chdir("d" * 98)',
      '  open("near", "w").write("x")',
    ].join('\n');
    await startProgram({ file: '/usr/bin/python3', args: ['-c', script, join(top, 'backups')], timeoutMs: 20_000 });
    const first = await verify();
    expect(first).toMatchObject({ found: none, complete: true });
    expect(first.recorded).toBeGreaterThan(5 + 30);
    expect(first.recorded).toBeLessThan(5 + 42);
    expect(await verify()).toMatchObject({ recorded: 0, compared: first.recorded, found: none });
    await startProgram({ file: '/usr/bin/rm', args: ['-rf', '--', join(top, 'backups')], timeoutMs: 20_000 });
  });

  it('takes a file that was replaced by one of time 0 as new, not as damaged', async () => {
    await verify();
    await writeFile(join(top, 'backups/z'), 'CONTENT OF Z');
    await utimes(join(top, 'backups/z'), 0, 0);
    expect(await verify()).toMatchObject({ recorded: 1, known: none });
  });

  it('takes a file with a new time or size as new, and forgets a deleted one', async () => {
    await verify();
    await put('a', 'longer than it was before');
    await rm(join(top, 'backups/z'));
    expect(await verify()).toMatchObject({ recorded: 1, compared: 3, known: none });
    await put('z', 'back');
    expect(await verify()).toMatchObject({ recorded: 1, compared: 4 });
  });

  it('reads names that are not UTF-8, and follows no link', async () => {
    const odd = Buffer.concat([Buffer.from(join(top, 'backups/')), Buffer.from([0xff, 0x0a, 0x2d])]);
    await writeFile(odd, 'odd');
    await symlink('/etc/passwd', join(top, 'backups/link'));
    await symlink('/etc', join(top, 'backups/directory-link'));
    expect(await verify()).toMatchObject({ recorded: 6 });
    expect(await verify()).toMatchObject({ recorded: 0, compared: 6, known: none });
  });

  it('survives a checksum file that is torn', async () => {
    await verify();
    const [name = ''] = (await readdir(join(top, '.extbackup/checksums'))).filter((entry) => entry.endsWith('.jsonl'));
    const file = join(top, '.extbackup/checksums', name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.slice(0, text.length / 2));
    const verdict = await verify();
    expect(verdict.known).toEqual(none);
    expect(verdict.compared + verdict.recorded).toBe(5);
    expect(verdict.compared).toBe(2);
  });

  it('takes an index that cannot be read for none', async () => {
    await verify();
    await writeFile(
      join(top, '.extbackup/checksums/index.json'),
      '{"version":1,"serial":1,"segments":[{"from":"","file":"../../LABEL"}]}',
    );
    expect(await verify()).toMatchObject({ recorded: 5, compared: 0 });
    expect(await verify()).toMatchObject({ recorded: 0, compared: 5 });
  });

  it('keeps what was read when it is interrupted, and goes on there', async () => {
    await verify();
    await put('z', 'new content'); // after the interruption: must not be known yet
    const abort = new AbortController();
    let files = 0;
    const onProgress = (): void => {
      files += 1;
      if (files === 2) abort.abort(new Error('stop'));
    };
    const verdict = await verifyDisk(
      startProgram,
      { top, mirror: 'backups', part: {}, repair: false, onProgress },
      abort.signal,
    );
    expect(verdict).toMatchObject({ compared: 2, cutOff: true, complete: false });
    expect(await part({})).toMatchObject({ compared: 4, recorded: 1 }); // the rest, then the beginning
  });
});

describe('a verification in parts', () => {
  it('covers everything in the end, goes on where it stopped and finds damage in the part that is read', async () => {
    await verify();
    await flip('a.b');
    let from: string | undefined;
    const seen: string[] = [];
    let parts = 0;
    let compared = 0;
    do {
      const order: VerifyOrder = {
        top,
        mirror: 'backups',
        ...(from === undefined ? {} : { from }),
        isEnough: ({ files }) => files >= 2,
        onProgress: () => undefined,
      };
      const verdict: Verdict = await verifyTree(order, signal);
      expect(verdict.compared).toBeLessThanOrEqual(2);
      compared += verdict.compared;
      seen.push(...verdict.bad.map(({ key }) => key));
      from = verdict.next;
      parts += 1;
    } while (from !== undefined && parts < 10);
    expect(parts).toBe(3);
    expect(compared).toBe(5);
    expect(seen).toEqual(['a.b']);
    expect(await verify()).toMatchObject({ compared: 5, recorded: 0 });
  });

  it('remembers on the disk where to go on', async () => {
    await verify();
    expect(await part({ limitMs: 0 })).toMatchObject({ compared: 0, complete: false });
    expect(JSON.parse(await readFile(join(top, '.extbackup/verify.json'), 'utf8'))).toEqual({ version: 1, next: 'a' });
  });

  it.each([0.05, 0.2, 0.34, 0.5])(
    'covers everything in 1 / %f parts, whatever the sizes, and begins anew after the end',
    async (share) => {
      await put('large', 'x'.repeat(5_000));
      await put('empty', '');
      await verify();
      await flip('b/c/d');
      const whole = { files: 11, bytes: 5_100 }; // as rsync counts: with directories
      let found = 0;
      let compared = 0;
      for (let run = 0; run < Math.ceil(1 / share); run += 1) {
        const verdict = await part({ share, whole });
        found += verdict.found.damaged;
        compared += verdict.compared;
        expect(verdict.known.damaged, 'damage is not forgotten by a part that does not see it').toBe(found > 0 ? 1 : 0);
      }
      expect(compared).toBeGreaterThanOrEqual(7);
      expect(found).toBeGreaterThanOrEqual(1);
    },
  );

  it('reads everything once with a share of 100%', async () => {
    await verify();
    expect(await part({ share: 1, whole: { files: 1, bytes: 1 } })).toMatchObject({ compared: 5 });
    expect(await part({ share: 1, whole: { files: 1, bytes: 1 } })).toMatchObject({ compared: 5 });
  });

  it('takes a file off the list when it was copied again, before its turn comes', async () => {
    await verify();
    const { mtime } = await stat(join(top, 'backups/z'));
    await flip('z');
    await verify(true);
    expect((await part({ limitMs: 0 })).known.damaged).toBe(1);
    await writeFile(join(top, 'backups/z'), 'content of z');
    await utimes(join(top, 'backups/z'), mtime, mtime); // rsync gives it the time that it had
    expect((await part({ limitMs: 0 })).known.damaged).toBe(0);
    await expect(stat(join(top, damageFile))).rejects.toThrow('ENOENT');
  });

  it('follows no list out of the mirror', async () => {
    await writeFile(join(top, 'outside'), 'x');
    await symlink(top, join(top, 'backups/way-out'));
    const entry = (key: string): object => ({
      key,
      kind: 'damaged',
      ctimeNs: '1',
      foundAt: '2026-01-01T00:00:00Z',
      expected: { path: key, size: 1, mtimeNs: '0', sha256: '0'.repeat(64) },
    });
    for (const key of ['way-out/outside', '../outside']) {
      await writeFile(join(top, '.extbackup/damaged-files.json'), JSON.stringify({ version: 1, files: [entry(key)] }));
      expect((await part({ limitMs: 0 }, true)).known.damaged).toBe(0);
      expect((await stat(join(top, 'outside'))).mtimeMs).toBeGreaterThan(1_000_000);
    }
  });
});

describe('what a run copied', () => {
  const line = (path: string, how = '>f+++++++++'): string => `2026/01/20 07:00:00 [7] ${how}|${path}\n`;
  const log = async (name: string, ...lines: string[]): Promise<void> => {
    await mkdir(join(top, '.extbackup/history'), { recursive: true });
    await writeFile(join(top, `.extbackup/history/${name}.log`), lines.join(''));
  };
  /** Its rolling part is one file. */
  const afterRun = (wish: Part = {}): Promise<DiskVerdict> =>
    part({ share: 0.01, whole: { files: 1, bytes: 1 }, recordCopied: true, ...wish });

  it('has its checksums from that run on: a byte that is flipped after it is found by the first verification', async () => {
    await log(
      '20260120T070000Z',
      line('a'),
      line('b/', 'cd+++++++++'),
      line('b/c/d', '>f.st......'),
      line('z', 'hf+++++++++'),
      line('gone'),
    );
    expect(await afterRun()).toMatchObject({ recorded: 3, known: none });
    await flip('b/c/d');
    expect(await verify()).toMatchObject({ compared: 3, recorded: 2, found: { damaged: 1, unreadable: 0 } });
  });

  it('is read from what the real rsync prints, whatever the names', async () => {
    await mkdir(join(top, 'server'));
    for (const name of ['new', 'with blank', 'with\nnewline']) await writeFile(join(top, 'server', name), name);
    await writeFile(Buffer.concat([Buffer.from(join(top, 'server/')), Buffer.from([0xff])]), 'odd');
    await link(join(top, 'server/new'), join(top, 'server/second name'));
    await mkdir(join(top, '.extbackup/history'));
    const stdoutFile = join(top, '.extbackup/history/20260120T070000Z.log');
    const mark = await beginLog(stdoutFile);
    await startProgram({
      file: '/usr/bin/rsync',
      args: ['-aH', '--info=progress2', `--out-format=${changeFormat(mark)}`, `${top}/server/`, `${top}/backups/`],
      timeoutMs: 20_000,
      stdoutFile,
      onStdout: () => undefined,
    });
    expect((await afterRun()).recorded).toBe(6); // and the one of the part
  });

  it('is gone through once, goes on where the time was up, and never gives a damaged file a new checksum', async () => {
    await log('20260120T070000Z', line('a'), line('b/c/d'));
    expect((await afterRun({ limitMs: 0 })).recorded).toBe(0);
    expect((await afterRun()).recorded).toBe(2);
    await put('z', 'copied by the next run');
    await flip('a');
    await log('20260121T070000Z', line('a'), line('z'));
    expect((await afterRun()).recorded).toBe(2); // z, and a-dir/x, whose turn it is
    expect((await verify()).found.damaged).toBe(1);
    expect((await afterRun()).recorded).toBe(0);
  });

  it('is never looked for outside of the mirror', async () => {
    await writeFile(join(top, 'outside'), 'x');
    await symlink(top, join(top, 'backups/way-out'));
    await log(
      '20260120T070000Z',
      line('way-out/outside'),
      line('../outside'),
      line('b/../../outside'),
      line('\\#056\\#056/outside'),
    );
    expect((await afterRun()).recorded).toBe(1); // the one of the part
    expect(await readFile(join(top, '.extbackup/checksums/index.json'), 'utf8')).not.toContain('outside');
  });
});

describe('the checksums on the disk', () => {
  const sha256 = 'a'.repeat(64);
  const entriesOf = (keys: readonly string[], mark: number) =>
    keys.map((path) => ({ path, size: mark, mtimeNs: '1', sha256 }));

  it('hold after any sequence of replaced stretches what a plain list would', async () => {
    const key = fc
      .tuple(fc.constantFrom('a', 'a-b', 'a/b', 'a/c/d', 'b', 'big', 'c'), fc.integer({ min: 0, max: 2 }))
      .map(([path, piece]) => keyOf(path, piece));
    const step = fc.tuple(
      fc.option(key, { nil: '' }),
      fc.option(key, { nil: undefined }),
      fc.uniqueArray(key, { maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        await rm(join(top, '.extbackup/checksums'), { recursive: true, force: true });
        const plain = new Map<string, number>();
        const all = new Set<string>();
        for (const [mark, [from, to, keys]] of steps.entries()) {
          if (to !== undefined && comparePaths(from, to) >= 0) continue;
          const isIn = (candidate: string): boolean =>
            comparePaths(candidate, from) >= 0 && (to === undefined || comparePaths(candidate, to) < 0);
          const put = keys.filter(isIn).sort(comparePaths);
          const adds = mark % 3 === 2;
          if (adds) await (await openChecksums(top)).add(entriesOf(put.reverse(), mark));
          else await (await openChecksums(top)).replace(from, to, entriesOf(put, mark));
          for (const known of adds ? [] : [...plain.keys()].filter(isIn)) plain.delete(known);
          for (const known of put) plain.set(known, mark);
          for (const known of keys) all.add(known);
        }
        const store = await openChecksums(top);
        for (const known of all) expect((await store.find(known))?.size).toBe(plain.get(known));
      }),
      runs(30),
    );
  });

  it('know the pieces of a large file by the path and a number', () => {
    expect(splitKey(keyOf('a/b', 0))).toEqual({ path: 'a/b', piece: 0 });
    expect(splitKey(keyOf('a/b', 4711))).toEqual({ path: 'a/b', piece: 4711 });
    expect(['a/b-c', keyOf('a/b', 16), 'a/b', keyOf('a/b', 2), 'a/bb'].sort(comparePaths)).toEqual([
      'a/b',
      keyOf('a/b', 2),
      keyOf('a/b', 16),
      'a/b-c',
      'a/bb',
    ]);
  });
});

describe('comparePaths', () => {
  it('orders as the walk goes: a directory before the names that only begin like it', () => {
    expect(['a.b', 'z', 'a/x', 'a-dir/x', 'b/c/d'].sort(comparePaths)).toEqual(['a/x', 'a-dir/x', 'a.b', 'b/c/d', 'z']);
  });

  it('is an order', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'a-', 'a.', '\u00ff'), { minLength: 1, maxLength: 4 })
      .map((names) => names.join('/'));
    fc.assert(
      fc.property(path, path, path, (a, b, c) => {
        expect(Math.sign(comparePaths(a, b))).toBe(-Math.sign(comparePaths(b, a)) + 0);
        if (comparePaths(a, b) <= 0 && comparePaths(b, c) <= 0) expect(comparePaths(a, c)).toBeLessThanOrEqual(0);
        expect(comparePaths(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

const none = { damaged: 0, unreadable: 0 };

const verify = (repair = false): Promise<DiskVerdict> =>
  verifyDisk(startProgram, { top, mirror: 'backups', repair, onProgress: () => undefined }, signal);

const part = (wish: Part, repair = false): Promise<DiskVerdict> =>
  verifyDisk(startProgram, { top, mirror: 'backups', part: wish, repair, onProgress: () => undefined }, signal);

let clock = 1_700_000_000;

/** Writes a file of the mirror, each time with a later time in whole seconds, which can be set again exactly. */
async function put(path: string, content: string): Promise<void> {
  const file = join(top, 'backups', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  clock += 1;
  await utimes(file, clock, clock);
}

/** Changes one byte as a failing disk does: size and time stay. */
async function flip(path: string): Promise<void> {
  const file = join(top, 'backups', path);
  const { mtimeMs } = await stat(file);
  const content = await readFile(file);
  content[0] = (content[0] ?? 0) ^ 1;
  await writeFile(file, content);
  await utimes(file, mtimeMs / 1000, mtimeMs / 1000);
}
