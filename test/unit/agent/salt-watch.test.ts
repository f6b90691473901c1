import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createSaltWatch } from '../../../src/agent/salt-watch.ts';
import { confirmSaltCopy } from '../../../src/records/salt-copy.ts';
import { files } from '../../../src/system/paths.ts';
import { hearWarnings, useStationPaths } from './hear-warnings.ts';

const station = useStationPaths();

/** One look of an agent that has just started. */
async function look(at: string): Promise<readonly string[]> {
  const { bus, told } = hearWarnings();
  await createSaltWatch(bus, station.paths, () => new Date(at))();
  return told;
}

it('says each week that no copy of the salt is known, a day after the set-up for the first time', async () => {
  expect(await look('2026-03-01T00:00:00Z')).toEqual([]); // no station yet
  await writeFile(files.salt(station.paths), 'one\n');
  expect(await look('2026-03-01T10:00:00Z')).toEqual([]);
  expect(await look('2026-03-02T09:00:00Z')).toEqual([]);
  expect(await look('2026-03-02T11:00:00Z')).toEqual([expect.stringContaining('Nobody has confirmed')]);
  expect(await look('2026-03-08T11:00:00Z')).toEqual([]);
  expect(await look('2026-03-09T11:00:00Z')).toHaveLength(1);
});

it('is quiet when it is confirmed, and begins anew with another salt', async () => {
  await writeFile(files.salt(station.paths), 'one\n');
  await look('2026-03-01T00:00:00Z');
  expect(await look('2026-03-03T00:00:00Z')).toHaveLength(1);
  await confirmSaltCopy(station.paths, 'one', new Date());
  expect(await look('2026-03-03T01:00:00Z')).toEqual(['settled: salt copy']);
  expect(await look('2026-06-03T01:00:00Z')).toEqual([]);
  await writeFile(files.salt(station.paths), 'two\n');
  expect(await look('2026-06-04T00:00:00Z')).toEqual([]);
  expect(await look('2026-06-05T00:00:00Z')).toEqual([expect.stringContaining('has changed since')]);
});
