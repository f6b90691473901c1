import { mkdtemp, open, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  formatLuks,
  luksPartitionType,
  bytesPerInode,
  makeFilesystem,
  partition,
  partitioners,
} from '../../../src/disk/format-disk.ts';
import { hasBytes } from '../../../src/disk/kernel-hold.ts';
import { checkSurface, surfaceChecks } from '../../../src/disk/surface-check.ts';
import { CommandError, startProgram, type StartProgram } from '../../../src/system/command.ts';
import { readFilesystemType } from '../../../src/disk/filesystem.ts';
import { readLuksUuid } from '../../../src/disk/luks.ts';
import { someUuid } from '../../unit/disk/devices.ts';

const mebibyte = 1024 * 1024;

describe('on an image file', () => {
  let directory: string;
  let image: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'extbackup-format-'));
    image = join(directory, 'disk.img');
    await makeImage(image, 96);
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it.each(partitioners)(
    'partitions as the station expects it, with %s: one aligned LUKS partition with the name of the disk',
    async (program) => {
      await partition(startProgram, image, 'BACKUP_1', undefined, program);
      const { stdout } = await startProgram({ file: '/usr/sbin/sfdisk', args: ['--json', image], timeoutMs: 20_000 });
      const { partitiontable: table } = JSON.parse(stdout) as {
        partitiontable: { label: string; partitions: { start: number; size: number; type: string; name: string }[] };
      };
      expect(table.label).toBe('gpt');
      expect(table.partitions).toHaveLength(1);
      expect(table.partitions[0]).toMatchObject({
        name: 'BACKUP_1',
        start: 2048,
        ...(program === '/usr/sbin/sfdisk' && { type: luksPartitionType }),
      });
      expect((table.partitions[0]?.size ?? 0) * 512).toBeGreaterThan(93 * mebibyte);
    },
  );

  it('partitions a disk that has a table and a file system already', async () => {
    await makeFilesystem(startProgram, 'ext4', 'OLD', image);
    await partition(startProgram, image, 'BACKUP_1');
    await partition(startProgram, image, 'BACKUP_2');
    const { stdout } = await startProgram({ file: '/usr/sbin/sfdisk', args: ['--dump', image], timeoutMs: 20_000 });
    expect(stdout).toContain('name="BACKUP_2"');
    expect(stdout).not.toContain('BACKUP_1');
    expect(await readFilesystemType(startProgram, image)).toBeUndefined();
  });

  it(
    'makes a LUKS2 volume with the wished id, name, cipher and bounded memory, that the key opens',
    { timeout: 180_000 },
    async () => {
      // argon2 on a busy machine
      const keyFile = join(directory, 'key');
      await writeFile(keyFile, '0123456789abcdef'.repeat(8), { mode: 0o600 });
      const told: string[] = [];
      const sooner: StartProgram = (command) => {
        told.push(...command.args);
        // The benchmark of argon2 takes as many seconds as an unlock on a small machine: not here.
        return startProgram({ ...command, args: command.args.map((arg) => (arg === '2000' ? '20' : arg)) });
      };
      await formatLuks(sooner, {
        device: image,
        label: 'BACKUP_1',
        uuid: someUuid,
        keyFile,
        pbkdfMemoryKiB: 64 * 1024,
      });
      expect(told.join(' ')).toContain('--iter-time 2000');
      expect(await readLuksUuid(startProgram, image)).toBe(someUuid);
      const { stdout } = await startProgram({
        file: '/usr/sbin/cryptsetup',
        args: ['luksDump', image],
        timeoutMs: 20_000,
      });
      expect(stdout).toMatch(/^Version:\s+2$/m);
      expect(stdout).toMatch(/^Label:\s+BACKUP_1$/m);
      expect(stdout).toMatch(/cipher: aes-xts-plain64/);
      expect(stdout).toMatch(/Cipher key:\s+512 bits/);
      expect(stdout).toMatch(/PBKDF:\s+argon2id/);
      expect(Number(/Memory:\s+(\d+)/.exec(stdout)?.[1])).toBeLessThanOrEqual(64 * 1024);
      const tried = await startProgram({
        file: '/usr/sbin/cryptsetup',
        args: ['open', '--test-passphrase', '--key-file', keyFile, image],
        timeoutMs: 60_000,
      });
      expect(tried.exitCode).toBe(0);
    },
  );

  it('makes ext4 with the label, no reserved blocks and nothing left to initialise later', async () => {
    const told: number[] = [];
    await makeFilesystem(startProgram, 'ext4', 'BACKUP_1', image, undefined, (percent) => {
      told.push(percent);
    });
    expect(told[0]).toBe(0); // how far it is can be read
    expect(await readFilesystemType(startProgram, image)).toBe('ext4');
    const { stdout } = await startProgram({ file: '/usr/sbin/dumpe2fs', args: [image], timeoutMs: 20_000 });
    expect(stdout).toMatch(/^Filesystem volume name:\s+BACKUP_1$/m);
    expect(stdout).toMatch(/^Reserved block count:\s+0$/m);
    expect(stdout.match(/Group \d+:/g)).not.toBeNull();
    for (const flags of stdout.matchAll(/^Group \d+:.*?\[(.*?)\]/gm)) expect(flags[1]).toContain('ITABLE_ZEROED');
  });

  it('makes more inodes where the source has many small files', async () => {
    const inodes = async (files: number | undefined): Promise<number> => {
      const { size } = await stat(image);
      await makeFilesystem(startProgram, 'ext4', 'B', image, undefined, undefined, bytesPerInode(size, files));
      const { stdout } = await startProgram({ file: '/usr/sbin/dumpe2fs', args: ['-h', image], timeoutMs: 20_000 });
      return Number(/^Inode count:\s+(\d+)$/m.exec(stdout)?.[1]);
    };
    const usual = await inodes(undefined);
    expect(await inodes(Math.ceil(usual / 2))).toBeGreaterThanOrEqual(usual);
    expect(bytesPerInode(1e12, 1e6)).toBeUndefined();
    expect(bytesPerInode(1e12, 40e6)).toBe(8_192);
    expect(bytesPerInode(1e12, 1e9)).toBe(4_096);
    expect(bytesPerInode(8e12, 100e6)).toBe(26_624); // mke2fs would make too few
  });

  it.each(surfaceChecks)(
    'finds no bad block on a good image, tells how far it is, and leaves the content to itself only when it reads: %s',
    async (how) => {
      const handle = await open(image, 'r+');
      await handle.write('content');
      await handle.close();
      const told: number[] = [];
      await checkSurface(startProgram, image, how, (percent) => {
        told.push(percent);
      });
      expect(told[0]).toBe(0);
      expect(await hasBytes(image)).toBe(true);
      expect((await readHead(image)).startsWith('content')).toBe(how === 'read');
    },
  );

  it('ends the check at the first bad block and says where it is', async () => {
    const failing: StartProgram = (command) => {
      command.onStdout?.('2560\n');
      return Promise.reject(new CommandError(command.file, command.args, 'ended with exit code 1', 1, ''));
    };
    await expect(checkSurface(failing, '/dev/sdb', 'read', () => undefined)).rejects.toMatchObject({
      code: 'EXB_BAD_BLOCKS',
      message: expect.stringContaining('at 10 MiB') as string,
    });
  });

  it('tells a blank image from one that holds bytes which no program recognises', async () => {
    expect(await hasBytes(image)).toBe(false);
    const handle = await open(image, 'r+');
    await handle.write(Buffer.from([1]), 0, 1, mebibyte - 1);
    await handle.close();
    expect(await hasBytes(image)).toBe(true);
    expect((await stat(image)).size).toBe(96 * mebibyte);
    await makeImage(image, 96);
    const end = await open(image, 'r+');
    await end.write(Buffer.from([1]), 0, 1, 96 * mebibyte - 1);
    await end.close();
    expect(await hasBytes(image)).toBe(true);
  });
});

async function readHead(file: string): Promise<string> {
  const handle = await open(file);
  try {
    return (await handle.read(Buffer.alloc(16), 0, 16, 0)).buffer.toString('latin1');
  } finally {
    await handle.close();
  }
}

async function makeImage(file: string, megabytes: number): Promise<void> {
  await writeFile(file, '');
  await truncate(file, megabytes * mebibyte);
}
