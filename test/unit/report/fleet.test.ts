import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fleetPage, fleetText } from '../../../src/report/fleet-page.ts';
import { judgeStation, readFleet } from '../../../src/report/fleet.ts';
import { english } from '../../../src/words/speaker.ts';
import { aDrive, aStatus } from '../../fakes/a-status.ts';

const now = new Date('2026-11-25T12:00:00Z');
const fresh = { updatedAt: '2026-11-25T11:00:00.000Z' };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-fleet-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('a station of a fleet', () => {
  it.each([
    ['good', aStatus(fresh), 'good'],
    ['silent since yesterday', aStatus({ updatedAt: '2026-11-24T11:00:00.000Z' }), 'trouble'],
    ['ahead of the clock, so that its age is not known', aStatus({ updatedAt: '2036-11-24T11:00:00.000Z' }), 'trouble'],
    ['without an agent', aStatus({ ...fresh, agent: 'stopped' }), 'trouble'],
    ['with a held run', aStatus({ ...fresh, drives: [aDrive('B', { state: 'held' })] }), 'trouble'],
    ['with a sick disk', aStatus({ ...fresh, drives: [aDrive('B', { health: ['SMART: FAILING'] })] }), 'trouble'],
    ['without its key', aStatus({ ...fresh, key: 'missing' }), 'attention'],
    ['no station at all', undefined, 'trouble'],
  ])('that is %s', (_, status, level) => {
    expect(judgeStation('attic', status, now, english).level).toBe(level);
  });
});

it('reads a directory, the worst station first, and takes no file for a good station that is not one', async () => {
  await writeFile(join(directory, 'b-good.json'), JSON.stringify(aStatus(fresh)));
  await writeFile(join(directory, 'c-key.json'), JSON.stringify(aStatus({ ...fresh, key: 'missing' })));
  await writeFile(join(directory, 'd-torn.json'), JSON.stringify(aStatus(fresh)).slice(0, 50));
  await writeFile(join(directory, 'e-<b>.json'), 'null');
  await writeFile(join(directory, 'f-large.json'), ' '.repeat(5 * 1024 * 1024));
  await symlink('/etc/passwd', join(directory, 'g-link.json'));
  await writeFile(join(directory, 'notes.txt'), '');
  const stations = await readFleet(directory, now, english);
  expect(stations.map(({ name, level }) => `${name} ${level}`)).toEqual([
    'd-torn trouble',
    'e-<b> trouble',
    'f-large trouble',
    'g-link trouble',
    'c-key attention',
    'b-good good',
  ]);
  expect(fleetText(stations, now, english)).toContain('6 stations, 4 in trouble');
  const html = fleetPage(stations, now, english);
  expect(html).toContain('e-&lt;b&gt;');
  expect(html).not.toContain('<b>');
});

it('says what to do when there is nothing to read', async () => {
  await expect(readFleet(directory, now, english)).rejects.toMatchObject({
    todo: expect.stringContaining('ssh STATION') as string,
  });
  await expect(readFleet(join(directory, 'missing'), now, english)).rejects.toMatchObject({
    message: expect.stringContaining('ENOENT') as string,
  });
});
