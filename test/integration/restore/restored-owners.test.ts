import { chown, lchown, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { readOwnerMap, type OwnerOptions } from '../../../src/restore/owner-map.ts';
import { restoreFiles } from '../../../src/restore/restore-files.ts';
import { describeMissing, type Missing } from '../../../src/restore/what-is-missing.ts';
import { startProgram } from '../../../src/system/command.ts';

let root: string;
let mirror: string;
let target: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'extbackup-owners-'));
  [mirror, target] = [join(root, 'mirror'), join(root, 'target')];
  await mkdir(mirror);
  for (const [name, uid] of [
    ['zero', 0],
    ['thousand', 1000],
    ['more', 1500],
  ] as const) {
    await writeFile(join(mirror, name), name);
    await chown(join(mirror, name), uid, uid);
  }
  await symlink('more', join(mirror, 'link'));
  await lchown(join(mirror, 'link'), 1500, 1500);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function restore(options: OwnerOptions, overwrite = false): Promise<Missing> {
  return restoreFiles(
    startProgram,
    {
      layers: [{ path: mirror, isDirectory: true, until: undefined }],
      target,
      overwrite,
      dryRun: false,
      owners: await readOwnerMap(startProgram, options),
      onProgress: () => undefined,
      onName: () => undefined,
    },
    new AbortController().signal,
  );
}

const ownersOf = async (): Promise<Record<string, string>> => {
  const all = await Promise.all(['zero', 'thousand', 'more', 'link'].map((name) => lstat(join(target, name))));
  return Object.fromEntries(
    ['zero', 'thousand', 'more', 'link'].map((name, index) => [
      name,
      `${String(all[index]?.uid)}:${String(all[index]?.gid)}`,
    ]),
  );
};

describe('owners of restored files', () => {
  it.each<[OwnerOptions, Record<string, string>]>([
    [{}, { zero: '0:0', thousand: '1000:1000', more: '1500:1500', link: '1500:1500' }],
    [{ chown: 'daemon:4242' }, { zero: '1:4242', thousand: '1:4242', more: '1:4242', link: '1:4242' }],
    [{ chown: ':daemon' }, { zero: '0:1', thousand: '1000:1', more: '1500:1', link: '1500:1' }],
    [
      { usermap: '1000:daemon,1001-1999:77', groupmap: '*:5' },
      { zero: '0:5', thousand: '1:5', more: '77:5', link: '77:5' },
    ],
  ])('are those of %o', async (options, owners) => {
    await restore(options);
    expect(await ownersOf()).toEqual(owners);
  });

  it.each<OwnerOptions>([
    { chown: '' },
    { chown: 'a:b:c' },
    { chown: 'no such user' },
    { chown: 'nobody-of-that-name' },
    { chown: '--help' },
    { chown: '*' },
    { usermap: 'anna:1' },
    { usermap: '1:' },
    { usermap: '1:2:3' },
    { usermap: '' },
    { groupmap: '1-:2' },
    { groupmap: '*:4294967295' },
    { chown: 'root', usermap: '*:0' },
  ])('refuses %o', async (options) => {
    await expect(restore(options)).rejects.toThrow(UsageError);
  });
});

describe('what could not be brought', () => {
  it('is named, and a file with its content is told from one without', async () => {
    await mkdir(join(target, 'zero'), { recursive: true });
    await writeFile(join(target, 'zero/in-the-way'), '');
    await writeFile(join(target, 'thousand'), 'thousand');
    const missing = await restoreFiles(
      // As on a medium without owners: content arrives, they do not.
      (command) =>
        startProgram({
          ...command,
          file: '/usr/bin/setpriv',
          args: ['--bounding-set=-chown', command.file, ...command.args],
        }),
      {
        layers: [{ path: mirror, isDirectory: true, until: undefined }],
        target,
        overwrite: true,
        dryRun: false,
        onProgress: () => undefined,
        onName: () => undefined,
      },
      new AbortController().signal,
    );
    expect([...missing.unwritten].sort()).toEqual(['zero']);
    expect(missing.attributes).toContain('thousand');
    expect(missing.attributes).toContain('more');
    expect(await readFile(join(target, 'more'), 'utf8')).toBe('more');
    const words = describeMissing(missing).join('\n');
    expect(words).toContain('1 file could not be read or written:\n  zero\n');
    expect(words).toContain('with all the content, but not with owner, rights or attributes:\n');
  });

  it('is nothing where all went well', async () => {
    const missing = await restore({});
    expect(describeMissing(missing)).toEqual([]);
  });
});
