import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findHiddenLuks } from '../../../src/disk/hidden-luks.ts';

const luksUuid = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const mebi = 1024 ** 2;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hidden-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** A disk with a GPT of this sector size, one partition in it, and a LUKS header where `luksAt` says. */
async function makeDisk(sector: number | undefined, start: number, end: number, luksAt?: number): Promise<string> {
  const disk = Buffer.alloc(4 * mebi);
  if (sector !== undefined) {
    disk.write('EFI PART', sector, 'latin1');
    disk.writeBigUInt64LE(2n, sector + 72);
    disk.writeUInt32LE(128, sector + 80);
    disk.writeUInt32LE(128, sector + 84);
    disk.writeBigUInt64LE(BigInt(start / sector), 2 * sector + 32);
    disk.writeBigUInt64LE(BigInt(end / sector - 1), 2 * sector + 40);
  }
  if (luksAt !== undefined) {
    disk.write('LUKS\xba\xbe', luksAt, 'latin1');
    disk.write(luksUuid.toUpperCase(), luksAt + 168, 'latin1');
  }
  const file = join(directory, 'disk');
  await writeFile(file, disk);
  return file;
}

it.each([512, 4096])(
  'a volume in a table with sectors of %d bytes is found, with the size of its disk',
  async (sector) => {
    const file = await makeDisk(sector, 2 * mebi, 64 * mebi, 2 * mebi);
    expect(await findHiddenLuks(file)).toEqual({ luksUuid, tableSector: sector, tableBytes: 64 * mebi });
  },
);

it('a header at the usual place is found, whatever the table says', async () => {
  const unknown = { luksUuid, tableSector: undefined, tableBytes: undefined };
  expect(await findHiddenLuks(await makeDisk(512, 2 * mebi, 3 * mebi, mebi))).toEqual(unknown);
  expect(await findHiddenLuks(await makeDisk(undefined, 0, 0, mebi))).toEqual(unknown);
});

it('nothing is found on a wiped disk, behind its end, and on one that cannot be read', async () => {
  expect(await findHiddenLuks(await makeDisk(undefined, 0, 0))).toBeUndefined();
  expect(await findHiddenLuks(await makeDisk(512, 900 * mebi, 901 * mebi))).toBeUndefined();
  expect(await findHiddenLuks(join(directory, 'missing'))).toBeUndefined();
  await writeFile(join(directory, 'short'), 'x');
  expect(await findHiddenLuks(join(directory, 'short'))).toBeUndefined();
});

it('a table of nonsense is no table', async () => {
  const file = await makeDisk(512, mebi, 2 * mebi);
  const disk = Buffer.alloc(mebi, 0xff);
  disk.write('EFI PART', 512, 'latin1');
  await writeFile(file, disk);
  expect(await findHiddenLuks(file)).toBeUndefined();
});
