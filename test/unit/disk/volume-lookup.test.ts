import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createVolumeLookup, type LookUpVolumes } from '../../../src/disk/volume-lookup.ts';

let top = '';
let looks = 0;
let duringLook: () => Promise<void>;
let lookUp: LookUpVolumes;

const put = async (path: string, content: string): Promise<void> => {
  await mkdir(dirname(join(top, path)), { recursive: true });
  await writeFile(join(top, path), `${content}\n`);
};
const device = async (kname: string, number: string, { size = '1000', diskseq = '' } = {}): Promise<void> => {
  await put(`block/${kname}/dev`, number);
  await put(`block/${kname}/size`, size);
  if (diskseq !== '') await put(`block/${kname}/diskseq`, diskseq);
};
const udevKnows = (number: string, ...properties: readonly string[]): Promise<void> =>
  put(`udev/b${number}`, ['I:12345', ...properties.map((property) => `E:${property}`)].join('\n'));

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'volume-lookup-'));
  looks = 0;
  duringLook = () => Promise.resolve();
  await device('sda', '8:0', { diskseq: '7' });
  await device('sda1', '8:1');
  await udevKnows('8:0');
  await udevKnows('8:1', 'ID_FS_TYPE=crypto_LUKS');
  lookUp = createVolumeLookup(
    async () => {
      looks += 1;
      await duringLook();
      return { exitCode: 0, stdout: JSON.stringify({ blockdevices: [] }), stderr: '' };
    },
    { block: join(top, 'block'), udev: join(top, 'udev') },
  );
});
afterEach(() => rm(top, { recursive: true }));

/** How many looks at the machine it takes to look up the volumes once, and once more. */
const looksOfTwo = async (): Promise<number> => {
  const before = looks;
  await lookUp();
  await lookUp();
  return looks - before;
};

test('while nothing changes, lsblk is started once', async () => {
  expect(await looksOfTwo()).toBe(1);
  await udevKnows('8:1', 'ID_FS_TYPE=crypto_LUKS', 'SYSTEMD_READY=1'); // an event that changed nothing of interest
  expect(await looksOfTwo()).toBe(0);
});

test.each([
  ['another attach of the same disk', () => device('sda', '8:0', { diskseq: '8' })],
  ['another size', () => device('sda1', '8:1', { size: '2000' })],
  ['other properties', () => udevKnows('8:1', 'ID_FS_TYPE=ext4')],
  ['a disk that was taken out', () => rm(join(top, 'block/sda1'), { recursive: true })],
  [
    'a card that was put in',
    async () => {
      await device('sdb', '8:16');
      await udevKnows('8:16');
    },
  ],
])('%s is looked at once', async (_what, change) => {
  await lookUp();
  await change();
  expect(await looksOfTwo()).toBe(1);
});

test('opening and closing one of our own mappings is no news, that of another program is', async () => {
  await lookUp();
  await device('dm-0', '254:0');
  await put('block/dm-0/dm/name', 'extbackup-BACKUP_1');
  expect(await looksOfTwo()).toBe(0);
  await put('block/dm-0/dm/name', 'somebody');
  await udevKnows('254:0');
  expect(await looksOfTwo()).toBe(1);
});

test('a device that udev does not know yet is looked at every time', async () => {
  await device('sdb', '8:16');
  expect(await looksOfTwo()).toBe(2);
  await udevKnows('8:16');
  expect(await looksOfTwo()).toBe(1);
});

test('an answer from the midst of a change is not kept', async () => {
  duringLook = () => device('sda', '8:0', { diskseq: '8' });
  await lookUp();
  duringLook = () => Promise.resolve();
  await device('sda', '8:0', { diskseq: '7' });
  expect(await looksOfTwo()).toBe(1);
});

test('an empty drive without an entry of udev does not stand in the way', async () => {
  await device('loop0', '7:0', { size: '0' });
  expect(await looksOfTwo()).toBe(1);
});

test('a failed look is repeated', async () => {
  duringLook = () => Promise.reject(new Error('lsblk is ill'));
  await expect(lookUp()).rejects.toThrow('ill');
  duringLook = () => Promise.resolve();
  expect(await looksOfTwo()).toBe(1);
});
