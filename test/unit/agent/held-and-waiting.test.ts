import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { noCounts } from '../../../src/guard/hold.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import { noteUnrecorded, withUnrecorded } from '../../../src/records/unrecorded-runs.ts';
import { disk, enrolled, startAgent } from './an-agent.ts';

/** A disk whose run was held for one source, while the server of another one was away. */
let at: { directory: string; registry: DriveRegistry; key: boolean; serverAnswers: boolean };
const source = { lastSuccess: null, filesTotal: 1, bytesTotal: 1 };
const hold = { runId: 'r', at: '2026-01-01T00:00:00.000Z', reason: 'held: office.', counts: noCounts, approved: null };
const record = driveRecordSchema.parse({
  ...enrolled,
  lastError: 'EXB_HELD',
  sources: { office: { ...source, lastError: 'EXB_HELD' }, photos: { ...source, lastError: 'EXB_NETWORK' } },
  hold,
});

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'held-'));
  at = { directory, registry: createDriveRegistry(join(directory, 'drives.json')), key: true, serverAnswers: false };
  await at.registry.update(() => [enrolled]);
  const { look, endRun } = await startAgent(at); // the agent whose run it was
  await look(disk('sda', 1));
  await endRun();
  await at.registry.update(() => [record]);
});
afterEach(() => rm(at.directory, { recursive: true, force: true }));

it('the next agent shows it as held, asks the server at once, and goes on when that answers', async () => {
  const { look, opened, shown } = await startAgent(at);
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'held', goesOn: true });
  expect(shown()?.message).toMatch(/^held: office\. Leave it plugged in/);
  expect(opened).toEqual([]);
  at.serverAnswers = true;
  const other = await startAgent(at);
  await other.look(disk('sda', 1)); // asks
  await other.look(disk('sda', 1)); // acts on the answer
  expect(other.opened).toEqual([1]);
  await other.endRun();
});

it('a hold that the station could not record stays, and one that was removed from the record is over', async () => {
  await at.registry.update(() => [enrolled]);
  const { look, shown, board } = await startAgent(at);
  await look(disk('sda', 1));
  board.set('BACKUP_1', 'held', 'held: office.'); // the end of a run
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'held', message: 'held: office.' });
  await at.registry.update(() => [record]);
  await look(disk('sda', 1));
  await at.registry.update(() => [enrolled]);
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'idle', message: null });
});

it('a hold that could not be recorded is held for the next agent, too, and is recorded as soon as that works', async () => {
  const unrecorded = join(at.directory, 'unrecorded.json');
  await at.registry.update(() => [enrolled]);
  await noteUnrecorded(unrecorded, enrolled, { ...enrolled, hold, lastError: 'EXB_HELD', lastRun: hold.at });
  const isFull = (): Promise<never> => Promise.reject(new Error('ENOSPC'));
  const full = withUnrecorded({ ...at.registry, update: isFull }, unrecorded, true);
  const next = await startAgent({ ...at, registry: full });
  await next.look(disk('sda', 1));
  expect(next.shown()).toMatchObject({ state: 'held', message: 'held: office.' });
  expect((await at.registry.list())[0]).not.toHaveProperty('hold');
  const later = await startAgent({ ...at, registry: withUnrecorded(at.registry, unrecorded, true) });
  await later.look(disk('sda', 1));
  expect(later.shown()).toMatchObject({ state: 'held' });
  expect((await at.registry.list())[0]).toMatchObject({ hold: { runId: 'r' }, lastError: 'EXB_HELD' });
});

it('after an approval it still waits for the server, and nobody is told to plug it in again', async () => {
  const { look, shown, opened } = await startAgent(at);
  await look(disk('sda', 1));
  const approved = { at: '2026-01-02T00:00:00.000Z', by: 'root', reason: 'known' };
  await at.registry.update(() => [driveRecordSchema.parse({ ...record, hold: { ...hold, approved } })]);
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'waiting-for-server', goesOn: true });
  expect(shown()?.message).toMatch(/^Approved\. Leave it plugged in: it goes on by itself/);
  expect(opened).toEqual([]);
});
