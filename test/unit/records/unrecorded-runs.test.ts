import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { noCounts } from '../../../src/guard/hold.ts';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import { noteUnrecorded, withUnrecorded } from '../../../src/records/unrecorded-runs.ts';
import { aRecord } from '../disk/devices.ts';

const hold = { runId: 'r', at: '2026-02-01T00:00:00.000Z', reason: 'held.', counts: noCounts, approved: null };
const before = aRecord({ lastRun: '2026-01-05T00:00:00.000Z', lastError: 'EXB_PULL' });
const after = { ...before, hold, lastError: 'EXB_HELD', lastRun: '2026-02-01T00:00:00.000Z', runs: before.runs + 1 };
let [top, file] = ['', ''];
let plain: DriveRegistry;
let registry: DriveRegistry;

beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), 'unrecorded-'));
  file = join(top, 'unrecorded.json');
  plain = createDriveRegistry(join(top, 'drives.json'));
  registry = withUnrecorded(plain, file);
  await plain.update(() => [before, aRecord({ label: 'B2', luksUuid: 'other' })]);
});
afterEach(() => {
  rmSync(top, { recursive: true });
});

it('is known although the registry is not written, and keeps what others have changed', async () => {
  await noteUnrecorded(file, before, after);
  await plain.update((drives) => drives.map((drive) => ({ ...drive, state: 'retired' as const })));
  const [drive, other] = await registry.list();
  expect(drive).toEqual({ ...after, state: 'retired' });
  expect(other).toMatchObject({ label: 'B2', lastError: null });
  expect((await registry.read()).drives[0]).toEqual(drive);
  expect((await plain.list())[0]).not.toHaveProperty('hold');
});

it('is written down by the next change, for example an approval', async () => {
  await noteUnrecorded(file, before, after);
  await registry.update((drives) => drives.map((drive) => ({ ...drive, runs: 9 })));
  expect((await plain.list())[0]).toMatchObject({ hold, runs: 9 });
  await plain.update((drives) => drives.map((drive) => ({ ...drive, hold: undefined })));
  expect((await registry.list())[0]).not.toHaveProperty('hold'); // it does not come back
});

it('counts no more when another run was recorded since, and a second one is added to it', async () => {
  await noteUnrecorded(file, before, after);
  const good = { ...after, lastError: null, lastRun: '2026-02-02T00:00:00.000Z' };
  await noteUnrecorded(file, after, good);
  expect((await registry.list())[0]).toEqual(good);
  await plain.update((drives) => drives.map((drive) => ({ ...drive, lastRun: '2026-03-01T00:00:00.000Z' })));
  expect((await registry.list())[0]?.lastError).toBe('EXB_PULL');
});

it('is none where its file is torn', async () => {
  writeFileSync(file, '{"version":1,"ends":[{');
  expect((await registry.list())[0]).toEqual(before);
});

it('stays when it is added while earlier ones are being written down', async () => {
  const other = aRecord({ label: 'B2', luksUuid: 'other' });
  const held = { ...other, hold, lastError: 'EXB_HELD', lastRun: '2026-02-01T00:00:00.000Z', runs: other.runs + 1 };
  await noteUnrecorded(file, before, after);
  const slow = { ...plain, update: vi.fn<DriveRegistry['update']>() };
  slow.update.mockImplementation(async (change, how) => {
    const moved = await plain.update(change, how);
    await noteUnrecorded(file, other, held); // the run of the other disk ends now
    return moved;
  });
  await withUnrecorded(slow, file).update((drives) => drives);
  const [drive, second] = await registry.list();
  expect(drive).toEqual(after);
  expect(second).toMatchObject({ hold, lastError: 'EXB_HELD' });
});
