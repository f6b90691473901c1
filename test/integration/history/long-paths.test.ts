import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countFiles } from '../../../src/pipeline/count-files.ts';
import { startProgram } from '../../../src/system/command.ts';
import { openDisk, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
beforeEach(async () => {
  disk = await openDisk();
});
afterEach(async () => {
  // Node gives the whole path to the kernel.
  for (const tree of [disk.source, disk.mirror])
    await startProgram({ file: '/usr/bin/rm', args: ['-rf', '--', tree], timeoutMs: 20_000 });
  await disk.remove();
});

/** Longer than any call of the kernel takes, so each directory is entered by itself. */
const writeDeep = (top: string, content: string): Promise<unknown> =>
  startProgram({
    file: '/usr/bin/python3',
    args: [
      '-c',
      [
        'import os, sys',
        'os.chdir(sys.argv[1])',
        'for _ in range(40):',
        '  os.makedirs("d" * 98, exist_ok=True); os.chdir("d" * 98)',
        'open("f" * 110, "w").write(sys.argv[2])',
      ].join('\n'),
      top,
      content,
    ],
    timeoutMs: 20_000,
  });

it('files below a path that is too long for the kernel are counted', async () => {
  await mkdir(disk.mirror, { recursive: true });
  await writeDeep(disk.mirror, 'content');
  await writeFile(join(disk.mirror, 'beside'), 'more');
  expect(await countFiles(Buffer.from(disk.mirror), new AbortController().signal)).toEqual({ files: 2, bytes: 11 });
});

describe('a file whose path is too long for the history', () => {
  it('is left as it is, said as a gap, and all others are copied', async () => {
    await writeDeep(disk.source, 'one');
    await mkdir(join(disk.source, 'z'));
    await writeFile(join(disk.source, 'z/last'), 'one');
    expect((await disk.pull()).complete).toBe(true);
    await writeDeep(disk.source, 'second');
    await writeFile(join(disk.source, 'z/last'), 'second');
    const warnings: string[] = [];
    const result = await disk.pull({
      onWarning: (reason) => {
        warnings.push(reason);
      },
    });
    expect(result.complete).toBe(false);
    expect(await readFile(join(disk.mirror, 'z/last'), 'utf8')).toBe('second');
    expect(warnings.join(' ')).toContain('1 were not updated, because their path is too long for the history');
  });
});
