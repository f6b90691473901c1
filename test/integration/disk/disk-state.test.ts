import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measureDisk } from '../../../src/disk/disk-state.ts';
import { startProgram } from '../../../src/system/command.ts';

let room: string;
beforeEach(async () => {
  room = await mkdtemp(join(tmpdir(), 'extbackup-disk-state-'));
});
afterEach(async () => {
  await startProgram({ file: '/usr/bin/umount', args: ['--lazy', room], timeoutMs: 10_000, accept: [1, 32] });
  await rm(room, { recursive: true, force: true });
});

const mountHere = (options: string): Promise<unknown> =>
  startProgram({ file: '/usr/bin/mount', args: ['-t', 'tmpfs', '-o', options, 'none', room], timeoutMs: 10_000 });

describe('the state of a disk', () => {
  it('is well where there is room', async () => {
    await mountHere('size=64m');
    expect(await measureDisk(room)).toEqual({
      fault: undefined,
      errors: 0,
      shortage: undefined,
      nearlyFull: undefined,
    });
  });

  it('says that blocks are short only when a small file no longer fits', async () => {
    await mountHere('size=8m');
    await writeFile(join(room, 'large'), Buffer.alloc(7_500_000));
    expect(await measureDisk(room)).toMatchObject({ fault: undefined, shortage: undefined });
    await writeFile(join(room, 'rest'), Buffer.alloc(900_000)).catch(() => undefined);
    expect(await measureDisk(room)).toMatchObject({ fault: undefined, shortage: 'blocks' });
  });

  it('says that inodes are short', async () => {
    await mountHere('size=8m,nr_inodes=10');
    for (let index = 0; index < 9; index += 1) await mkdir(join(room, String(index)));
    expect(await measureDisk(room)).toMatchObject({ fault: undefined, shortage: 'inodes' });
  });

  it('says that a disk is read-only', async () => {
    await mountHere('size=8m,ro');
    expect(await measureDisk(room)).toMatchObject({ fault: 'EROFS', shortage: undefined });
  });

  it('takes a disk that is gone for a fault, and never throws', async () => {
    expect(await measureDisk(join(room, 'gone'))).toMatchObject({ fault: 'ENOENT', shortage: undefined });
  });
});
