import { link, mkdir, mkdtemp, open, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { drawSample } from '../../../src/restore/drill-sample.ts';
import { restoreSample, type DrillResult } from '../../../src/restore/drill.ts';
import { startProgram } from '../../../src/system/command.ts';
import { verifyTree } from '../../../src/verify/verify-tree.ts';
import { fill, openDisk, type DiskAndServer } from '../history/a-disk.ts';

const never = new AbortController().signal;
const size = { files: 40, bytes: 64 * 1024 * 1024 };
let disk: DiskAndServer;
let room: string;

beforeEach(async () => {
  disk = await openDisk();
  room = await mkdtemp(join(tmpdir(), 'extbackup-drill-'));
  await fill(disk.source, 60);
  await mkdir(join(disk.source, 'special'));
  await writeFile(join(disk.source, 'special/one'), 'the same');
  await link(join(disk.source, 'special/one'), join(disk.source, 'special/two'));
  await writeFile(join(disk.source, 'special/hole'), '');
  await truncate(join(disk.source, 'special/hole'), 4 * 1024 * 1024);
  await disk.pull();
});
afterEach(async () => {
  await disk.remove();
  await rm(room, { recursive: true });
});

const readBack = () => verifyTree({ top: disk.top, mirror: 'backups', onProgress: () => undefined }, never);

async function drill(): Promise<DrillResult> {
  const sample = await drawSample(disk.top, 'backups', size, never);
  return restoreSample(startProgram, { top: disk.top, mirror: 'backups', room }, sample, () => undefined, never);
}

/** Changes a byte and hides it, as a failing medium does. */
async function rot(file: string): Promise<void> {
  const touch = (...args: string[]) => startProgram({ file: '/usr/bin/touch', args, timeoutMs: 20_000 });
  const times = join(room, 'times');
  await touch(`--reference=${file}`, times); // to the nanosecond
  const handle = await open(file, 'r+');
  await handle.write(Buffer.from([0xff]), 0, 1, 0);
  await handle.close();
  await touch(`--reference=${times}`, file);
}

it('restores files of the mirror and of the history, linked ones and ones with holes, and finds them right', async () => {
  await writeFile(join(disk.source, 'special/one'), 'another content');
  await unlink(join(disk.source, 'special/two'));
  await disk.pull();
  await readBack();
  const result = await drill();
  expect(result).toMatchObject({ files: 40, bad: 0, attributes: 0, sparse: 1 });
  expect(result.fromHistory).toBeGreaterThan(0);
  expect(result.recorded).toBe(result.files - result.fromHistory);
});

it('finds a file whose content changed on the disk without a trace', async () => {
  await readBack();
  await rot(join(disk.mirror, 'special/one'));
  expect((await drill()).bad).toBeGreaterThan(0); // a linked file is always part of the sample
});

it('compares with the disk what has no checksum yet', async () => {
  expect(await drill()).toMatchObject({ files: 40, recorded: 0, bad: 0, sparse: 1, fromHistory: 0 });
});

it('counts a file that cannot be restored', async () => {
  const sample = await drawSample(disk.top, 'backups', size, never);
  await rm(join(disk.mirror, sample[0]?.path ?? ''));
  const place = { top: disk.top, mirror: 'backups', room };
  expect(await restoreSample(startProgram, place, sample, () => undefined, never)).toMatchObject({ files: 40, bad: 1 });
});

it('takes no more room than it is given', async () => {
  const sample = await drawSample(disk.top, 'backups', { files: 40, bytes: 1000 }, never);
  expect(sample.reduce((sum, file) => sum + file.size, 0)).toBeLessThanOrEqual(1000);
});
