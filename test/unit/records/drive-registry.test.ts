import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchRegistry } from '../../../src/agent/registry-watch.ts';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import type { DriveRecord } from '../../../src/records/drive-record.ts';
import { ExtbackupError } from '../../../src/errors.ts';
import { aDisk } from '../client/a-disk.ts';

let directory = '';
let file = '';
let registry: DriveRegistry;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-'));
  file = join(directory, 'drives.json');
  registry = createDriveRegistry(file);
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const labels = async (): Promise<string[]> => (await registry.list()).map(({ label }) => label);
const add = (...drives: DriveRecord[]): Promise<readonly string[]> =>
  registry.update((before) => [...before, ...drives]);
const asideFiles = async (): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.includes('.damaged-'));

/** A in the copy, A and B in the file. */
async function twoDisks(): Promise<void> {
  await add(aDisk('A'));
  await add(aDisk('B'));
}

test('a list that nobody has written yet is empty, and well', async () => {
  expect(await registry.read()).toEqual({ drives: [], usable: true });
});

test.each([
  ['torn', () => readFile(file, 'utf8').then((text) => writeFile(file, text.slice(0, 100)))],
  ['empty', () => writeFile(file, '')],
  ['unreadable', () => rm(file).then(() => mkdir(file))],
  ['missing', () => rm(file)],
])('a file that is %s falls back to the copy, says so, and is never overwritten', async (how, damage) => {
  await twoDisks();
  await damage();
  const reading = await registry.read();
  expect(reading).toMatchObject({ usable: true, trouble: { happened: expect.stringContaining('Its copy') as string } });
  expect(await labels()).toEqual(['A']);
  const aside = await add(aDisk('C'));
  expect(aside).toHaveLength(how === 'missing' ? 0 : 1);
  expect(await asideFiles()).toHaveLength(aside.length);
  expect(await labels()).toEqual(['A', 'C']);
  expect((await registry.read()).trouble).toBeUndefined();
});

test('one bad record costs only itself: the newest word on each other disk counts', async () => {
  await add(aDisk('A'), aDisk('B'));
  await registry.update((drives) => drives.map((drive) => ({ ...drive, runs: 7 })));
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"label": "B"', '"label": "/etc/B"'));
  expect((await registry.list()).map(({ label, runs }) => [label, runs])).toEqual([
    ['A', 7],
    ['B', 0],
  ]);
});

test('whole records are got out of torn files when there is no good one', async () => {
  await add(aDisk('A'), aDisk('B'), aDisk('C'));
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.slice(0, text.indexOf('"label": "C"')));
  await writeFile(`${file}.previous`, '{');
  expect(await labels()).toEqual(['A', 'B']);
  expect((await registry.read()).trouble).toBeDefined();
});

test('with nothing to be understood, reading and changing are refused, except to begin anew', async () => {
  await twoDisks();
  await rm(file);
  await mkdir(file);
  await writeFile(`${file}.previous`, '');
  expect(await registry.read()).toMatchObject({
    drives: [],
    usable: false,
    trouble: { todo: expect.stringContaining('drive adopt') as string },
  });
  await expect(registry.list()).rejects.toThrow(ExtbackupError);
  await expect(add(aDisk('C'))).rejects.toThrow(ExtbackupError);
  expect(await asideFiles()).toEqual([]);
  expect(await registry.update((drives) => [...drives, aDisk('C')], { anew: true })).toHaveLength(2);
  expect(await labels()).toEqual(['C']);
  expect(await asideFiles()).toHaveLength(2);
});

test('a file of a newer version is read as far as it can be, and never changed', async () => {
  const newer = JSON.stringify({ version: 2, drives: [aDisk('A'), { label: 'B', key: 'quantum' }] });
  await writeFile(file, newer);
  expect(await labels()).toEqual(['A']);
  expect((await registry.read()).trouble?.happened).toContain('newer version');
  await expect(registry.assertWritable()).rejects.toThrow('newer version');
  await expect(registry.update(() => [], { anew: true })).rejects.toThrow('newer version');
  expect(await readFile(file, 'utf8')).toBe(newer);
  expect(await asideFiles()).toEqual([]);
});

test('what a later version added is still there after a change', async () => {
  await writeFile(
    file,
    JSON.stringify({
      version: 1,
      station: 'north',
      drives: [
        {
          ...aDisk('A'),
          shelf: 3,
          hold: {
            runId: 'r',
            at: '2026-01-01T00:00:00Z',
            reason: 'why',
            counts: { created: 0, changed: 0, deleted: 0, changedBytes: 0 },
            witness: 'Ann',
          },
        },
      ],
    }),
  );
  await registry.update((drives) => drives.map((drive) => ({ ...drive, runs: 1 })));
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
    station: 'north',
    drives: [{ shelf: 3, runs: 1, hold: { witness: 'Ann' } }],
  });
});

test('the agent tells of each trouble once, knows no disk meanwhile, and tells anew after a repair', async () => {
  const told: string[] = [];
  const registryWatch = watchRegistry(registry, ({ happened }) => {
    told.push(happened);
  });
  await twoDisks();
  expect(await registryWatch.known()).toHaveLength(2);
  const good = await readFile(file, 'utf8');
  for (let round = 0; round < 2; round += 1) {
    await writeFile(file, '');
    await writeFile(`${file}.previous`, '');
    for (let look = 0; look < 3; look += 1) {
      expect(await registryWatch.known()).toEqual([]);
      await expect(registryWatch.registry.list()).rejects.toThrow('No disk can be backed up');
    }
    expect(told).toHaveLength(round + 1);
    await writeFile(file, good);
    expect(await registryWatch.registry.list()).toHaveLength(2);
  }
});

test('a record that could not be read again is not written, and the list stays', async () => {
  await twoDisks();
  const before = await readFile(file, 'utf8');
  await expect(add({ ...aDisk('C'), label: 'not a label' })).rejects.toThrow('not valid');
  expect([await readFile(file, 'utf8'), await asideFiles()]).toEqual([before, []]);
});
