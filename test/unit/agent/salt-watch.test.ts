import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSaltWatch } from '../../../src/agent/salt-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { confirmSaltCopy } from '../../../src/records/salt-copy.ts';
import { files, type Paths } from '../../../src/system/paths.ts';

let paths: Paths;
beforeEach(async () => {
  const top = await mkdtemp(join(tmpdir(), 'salt-watch-'));
  paths = { config: join(top, 'c'), etc: top, state: top, run: top, ramfs: top, plaintext: top };
});
afterEach(() => rm(paths.etc, { recursive: true, force: true }));

/** One look of an agent that has just started. */
async function look(at: string): Promise<string[]> {
  const told: string[] = [];
  const bus = createBus((_name, error) => {
    throw error;
  });
  bus.on('warning:raised', ({ reason }) => {
    told.push(reason);
  });
  bus.on('warning:settled', ({ topic }) => {
    told.push(`settled: ${topic}`);
  });
  await createSaltWatch(bus, paths, () => new Date(at))();
  return told;
}

it('says each week that no copy of the salt is known, a day after the set-up for the first time', async () => {
  expect(await look('2026-03-01T00:00:00Z')).toEqual([]); // no station yet
  await writeFile(files.salt(paths), 'one\n');
  expect(await look('2026-03-01T10:00:00Z')).toEqual([]);
  expect(await look('2026-03-02T09:00:00Z')).toEqual([]);
  expect(await look('2026-03-02T11:00:00Z')).toEqual([expect.stringContaining('Nobody has confirmed')]);
  expect(await look('2026-03-08T11:00:00Z')).toEqual([]);
  expect(await look('2026-03-09T11:00:00Z')).toHaveLength(1);
});

it('is quiet when it is confirmed, and begins anew with another salt', async () => {
  await writeFile(files.salt(paths), 'one\n');
  await look('2026-03-01T00:00:00Z');
  expect(await look('2026-03-03T00:00:00Z')).toHaveLength(1);
  await confirmSaltCopy(paths, 'one', new Date());
  expect(await look('2026-03-03T01:00:00Z')).toEqual(['settled: salt copy']);
  expect(await look('2026-06-03T01:00:00Z')).toEqual([]);
  await writeFile(files.salt(paths), 'two\n');
  expect(await look('2026-06-04T00:00:00Z')).toEqual([]);
  expect(await look('2026-06-05T00:00:00Z')).toEqual([expect.stringContaining('has changed since')]);
});
