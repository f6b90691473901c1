import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import {
  compareNamed,
  compareWithServer,
  differenceFile,
  parseComparison,
  type ComparisonResult,
} from '../../../src/verify/compare-with-server.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';

/** The real rsync on our side, the real forced command on the other; only the line between them is no ssh. */
let top: string;
let source: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'extbackup-compare-'));
  source = join(top, 'server');
  await mkdir(join(top, 'disk/.extbackup'), { recursive: true });
  await mkdir(join(source, 'docs'), { recursive: true });
  const odd = Buffer.concat([Buffer.from(`${source}/docs/odd`), Buffer.from([0xff, 0x0a, 0x2d])]);
  for (const [name, content] of [
    ['docs/a', 'one'],
    ['docs/b', 'two'],
    ['docs/c', 'three'],
    ['docs/gone', 'x'],
  ] as const)
    await writeFile(join(source, name), content);
  await writeFile(odd, 'odd');
  await promisify(execFile)('/usr/bin/cp', ['-a', source, join(top, 'disk/backups')]);
  await rm(join(source, 'docs/gone'));
  await writeFile(
    join(top, 'line'),
    `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\nSSH_ORIGINAL_COMMAND="$*" exec /usr/bin/rrsync -ro ${source}\n`,
  );
  await chmod(join(top, 'line'), 0o755);
});

afterEach(async () => {
  await rm(top, { recursive: true });
});

const overLine: StartProgram = (command) =>
  startProgram({
    ...command,
    args: command.args.map((arg) => (arg.startsWith('--rsh=') ? `--rsh=${join(top, 'line')}` : arg)),
  });

const compare = (sample = 1): Promise<ComparisonResult> => {
  const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
  return compareWithServer(
    overLine,
    {
      top: join(top, 'disk'),
      mirror: 'backups',
      config,
      sources: [sourceOf(config)],
      identityFile: '/nowhere',
      sample,
    },
    new AbortController().signal,
  );
};

it('finds what differs under the same time and size, tells it from what changed since, and leaves names on the disk only', async () => {
  expect(await compare()).toEqual({ drawn: 5, same: 4, differing: [], changedSince: 0, missing: 1 });
  const file = join(top, 'disk/backups/docs/a');
  const { atime, mtime } = await stat(file);
  await writeFile(file, 'onE');
  await utimes(file, atime, mtime);
  const ours = join(source, 'docs/a');
  await utimes(ours, atime, mtime); // both to the millisecond
  await utimes(join(source, 'docs/c'), new Date(), new Date('2030-01-01T00:00:00Z'));
  await writeFile(join(source, 'docs/b'), 'another');
  expect(await compare()).toEqual({ drawn: 5, same: 2, differing: ['docs/a'], changedSince: 1, missing: 1 });
  expect(await readFile(join(top, 'disk', differenceFile), 'utf8')).toContain('  docs/a\n');
  await expect(stat(join(top, 'disk/.extbackup/sample.list'))).rejects.toThrow('ENOENT');
  expect(await readFile(file, 'utf8')).toBe('onE');
});

it('compares the named files only, and writes nothing to the disk', async () => {
  const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
  const disk = { top: join(top, 'disk'), mirror: 'backups' };
  const comparison = { ...disk, config, sources: [sourceOf(config)], identityFile: '/nowhere' };
  const list = join(top, 'names');
  const named = (...names: string[]) => compareNamed(overLine, comparison, names, list, new AbortController().signal);
  expect(await named('docs/a', 'docs/gone')).toEqual({
    drawn: 2,
    same: 1,
    differing: [],
    changedSince: 0,
    missing: 1,
  });
  const { atime, mtime } = await stat(join(disk.top, 'backups/docs/b'));
  await writeFile(join(disk.top, 'backups/docs/b'), 'tWo');
  for (const side of [join(disk.top, 'backups'), source]) await utimes(join(side, 'docs/b'), atime, mtime);
  expect(await named('docs/a', 'docs/b')).toMatchObject({ drawn: 2, same: 1, differing: ['docs/b'] });
  await expect(stat(list)).rejects.toThrow('ENOENT');
  await expect(stat(join(disk.top, differenceFile))).rejects.toThrow('ENOENT');
});

it('draws at least one file', async () => {
  expect((await compare(1e-9)).drawn).toBe(1);
});

it('says in words that the server refused, or has no such directory', async () => {
  await rm(source, { recursive: true });
  await expect(compare()).rejects.toMatchObject({
    exitCode: 13,
    code: expect.stringMatching(/EXB_(NO_SOURCE|REFUSED)/) as string,
  });
});

it('reads the lines of rsync', () => {
  expect(parseComparison('!.f         |docs/b')).toEqual({ kind: 'same' });
  expect(parseComparison('!.f..t......|docs/b')).toEqual({ kind: 'same' });
  expect(parseComparison('!>fc........|docs/\\#377|a')).toEqual({ kind: 'differs', path: 'docs/\xff|a' });
  expect(parseComparison('!>fc.t......|docs/b')).toEqual({ kind: 'changed-since' });
  expect(parseComparison('!>fcs.......|docs/b')).toEqual({ kind: 'changed-since' });
  expect(parseComparison('!.d         |docs/')).toBeUndefined();
  expect(parseComparison('Number of files: 5')).toBeUndefined();
});
