import { constants } from 'node:fs';
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { holdsOf } from '../../../src/disk/holds.ts';
import { startProgram } from '../../../src/system/command.ts';

let directory: string;
let device: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-claimed-'));
  const image = join(directory, 'image');
  await writeFile(image, '');
  await truncate(image, 8 * 2 ** 20);
  const { stdout } = await startProgram({
    file: '/usr/sbin/losetup',
    args: ['--find', '--show', image],
    timeoutMs: 10_000,
  });
  device = stdout.trim();
});
afterEach(async () => {
  await startProgram({ file: '/usr/sbin/losetup', args: ['--detach', device], timeoutMs: 10_000 });
  await rm(directory, { recursive: true });
});

it('a disk that a program has for itself is in use, although nothing is mounted or mapped', async () => {
  const disk = basename(device);
  expect(await holdsOf(disk, 'no-mapping')).toEqual([]);
  const program = await open(device, constants.O_RDONLY | constants.O_EXCL);
  try {
    expect(await holdsOf(disk, 'no-mapping')).toEqual([`${disk} is in use`]);
  } finally {
    await program.close();
  }
  expect(await holdsOf(disk, 'no-mapping')).toEqual([]);
});
