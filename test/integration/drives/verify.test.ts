import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { comparePaths } from '../../../src/drives/checksum-file.ts';
import { damageFile, verifyDrive } from '../../../src/drives/verify-drive.ts';
import { verifyTree, type Verdict } from '../../../src/drives/verify-tree.ts';
import { runCommand } from '../../../src/system/command.ts';

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
    expect(await verify()).toMatchObject({ recorded: 5, compared: 0, damaged: [], next: undefined });
    expect(await verify()).toMatchObject({ recorded: 0, compared: 5, damaged: [], next: undefined });
  });

  it('finds one flipped byte, names it on the disk only until it is repaired, and has it copied again', async () => {
    await verify();
    await flip('b/c/d');
    expect((await verify()).damaged).toEqual(['b/c/d']);
    expect(await readFile(join(top, damageFile), 'utf8')).toContain('  b/c/d\n');
    expect((await verify(true)).damaged, 'a damaged file stays damaged').toEqual(['b/c/d']);
    expect((await stat(join(top, 'backups/b/c/d'))).mtimeMs, 'its time makes rsync copy it again').toBe(0);
    await put('b/c/d', 'content of b/c/d');
    expect((await verify()).damaged).toEqual([]);
    await expect(stat(join(top, damageFile))).rejects.toThrow('ENOENT');
  });

  it('takes a file with a new time or size as new, and forgets a deleted one', async () => {
    await verify();
    await put('a', 'longer than it was before');
    await rm(join(top, 'backups/z'));
    expect(await verify()).toMatchObject({ recorded: 1, compared: 3, damaged: [] });
    await put('z', 'back');
    expect(await verify()).toMatchObject({ recorded: 1, compared: 4 });
  });

  it('reads names that are not UTF-8, and follows no link', async () => {
    const odd = Buffer.concat([Buffer.from(join(top, 'backups/')), Buffer.from([0xff, 0x0a, 0x2d])]);
    await writeFile(odd, 'odd');
    await symlink('/etc/passwd', join(top, 'backups/link'));
    await symlink('/etc', join(top, 'backups/directory-link'));
    expect(await verify()).toMatchObject({ recorded: 6 });
    expect(await verify()).toMatchObject({ recorded: 0, compared: 6, damaged: [] });
  });

  it('survives a checksum file that is torn', async () => {
    await verify();
    const file = join(top, '.extbackup/checksums.jsonl');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.slice(0, text.length / 2));
    const verdict = await verify();
    expect(verdict.damaged).toEqual([]);
    expect(verdict.compared + verdict.recorded).toBe(5);
    expect(verdict.compared).toBe(2);
  });

  it('keeps the old checksums when it is interrupted', async () => {
    await verify();
    const file = join(top, '.extbackup/checksums.jsonl');
    const before = await readFile(file, 'utf8');
    const abort = new AbortController();
    const broken = verifyTree({ top, mirror: 'backups', onProgress: () => { abort.abort(new Error('stop')); } }, abort.signal);
    await expect(broken).rejects.toThrow('stop');
    expect(await readFile(file, 'utf8')).toBe(before);
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
      let files = 0;
      // The time is up after two files: a part is measured in time, and tests must not be.
      const order = { top, mirror: 'backups', ...(from === undefined ? {} : { from }), get until() { return files >= 2 ? 0 : Infinity; }, onProgress: () => { files += 1; } };
      const verdict: Verdict = await verifyTree(order, signal);
      expect(verdict.compared).toBeLessThanOrEqual(2);
      compared += verdict.compared;
      seen.push(...verdict.damaged);
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
    const first = await verifyDrive(runCommand, { top, mirror: 'backups', limitMs: 0, repair: false, onProgress: () => undefined }, signal);
    expect(first).toMatchObject({ compared: 0, next: 'a' });
    expect(JSON.parse(await readFile(join(top, '.extbackup/verify.json'), 'utf8'))).toEqual({ version: 1, next: 'a' });
  });
});

describe('comparePaths', () => {
  it('orders as the walk goes: a directory before the names that only begin like it', () => {
    expect(['a.b', 'z', 'a/x', 'a-dir/x', 'b/c/d'].sort(comparePaths)).toEqual(['a/x', 'a-dir/x', 'a.b', 'b/c/d', 'z']);
  });

  it('is an order', () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'a-', 'a.', '\u00ff'), { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    fc.assert(fc.property(path, path, path, (a, b, c) => {
      expect(Math.sign(comparePaths(a, b))).toBe(-Math.sign(comparePaths(b, a)) + 0);
      if (comparePaths(a, b) <= 0 && comparePaths(b, c) <= 0) expect(comparePaths(a, c)).toBeLessThanOrEqual(0);
      expect(comparePaths(a, b) === 0).toBe(a === b);
    }));
  });
});

const verify = (repair = false): Promise<Verdict> => verifyDrive(runCommand, { top, mirror: 'backups', repair, onProgress: () => undefined }, signal);

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
