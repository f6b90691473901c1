import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { approveRun } from '../../../src/records/approve-run.ts';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import { createGuard } from '../../../src/guard/guard.ts';
import type { RunEnd } from '../../../src/run/run-one.ts';
import { lockFile } from '../../../src/system/file-lock.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';
import { enrol, onlyDisk, runTo } from './a-run.ts';

const config = configSchema.parse({
  source: 'extbackup@backup',
  key: { derivation: 'sha512' },
  pull: { retries: 0 },
  attestation: { id: 'main-backup' },
});
const beat = (daysAgo: number) => ({
  content: `main-backup\n${new Date(Date.now() - daysAgo * 86_400_000).toISOString().replace(/\.\d+/, '')}\n`,
});
const manyChanges = () => [
  Array.from({ length: 500 }, (_, index) => ({
    kind: 'changed' as const,
    path: `a/${index}`,
    size: 1,
    isDirectory: false,
  })),
];

let directory: string;
let registry: DriveRegistry;
let machine: FakeMachine;
let runs = 0;

const run = (): Promise<RunEnd> => {
  machine.calls.length = 0;
  runs += 1;
  const bus = createBus(() => undefined);
  return runTo({ runId: `run-${runs}`, directory, bus, registry, config, machine, record: () => undefined });
};
const approve = () => approveRun(registry, 'BACKUP_1', { by: 'root', reason: 'I know', at: new Date() });
const record = () => onlyDisk(registry);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-reasons-'));
  registry = createDriveRegistry(join(directory, 'drives.json'));
  machine = new FakeMachine();
  await enrol(registry, machine, { filesTotal: 1000, bytesTotal: 1_000_000 });
});
afterEach(() => rm(directory, { recursive: true }));

describe('a run with two reasons to be held', () => {
  it('needs one answer for each, in whichever order they come', async () => {
    machine.fetched = [beat(10)];
    expect(await run()).toMatchObject({ exitCode: 14, disk: 'closed' });
    expect((await record()).hold).toMatchObject({ attestation: 'stale', approved: null });
    await approve();
    machine.changes = manyChanges();
    expect((await run()).failure?.happened).toContain('50 % of files changed');
    expect((await record()).hold).toMatchObject({
      approved: null,
      agreed: { attestation: ['stale'] },
      counts: { changed: 500 },
    });
    await approve();
    machine.changes = manyChanges();
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect((await record()).hold).toBeUndefined();
    expect(await run()).toMatchObject({ exitCode: 14 }); // an approval lasts until a run is complete
  });

  it('takes an answer about the heartbeat for none about the content of files', async () => {
    await registry.update((drives) =>
      drives.map((drive) => ({ ...drive, suspicion: { runId: 'earlier', at: '2026-01-02T00:00:00Z' } })),
    );
    machine.fetched = [beat(10)];
    await run();
    await approve();
    const answered = await record();
    expect(answered).toMatchObject({ hold: { approved: { by: 'root' } }, suspicion: { runId: 'earlier' } });
    expect(createGuard(config.guard, answered, new AbortController().signal).content).toBeDefined();
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(machine.calls).not.toContain('pruneHistory');
    await approve();
    expect((await record()).suspicion).toBeUndefined();
  });

  it('needs no second answer about changes when the heartbeat stops in between', async () => {
    machine.fetched = [beat(1)];
    machine.changes = manyChanges();
    expect(await run()).toMatchObject({ exitCode: 14 });
    await approve();
    machine.fetched = [beat(10)];
    expect((await run()).failure?.happened).toContain('has not run for 10 days');
    machine.fetched = [beat(1)];
    machine.changes = manyChanges();
    expect(await run()).toMatchObject({ exitCode: 0 });
  });
});

it('what is held for the heartbeat alone is looked at again; what changed too much is not even opened', async () => {
  machine.fetched = [beat(10), beat(11), beat(1)];
  expect(await run()).toMatchObject({ exitCode: 14 });
  expect((await run()).failure?.happened).toContain('11 days');
  expect(await run()).toMatchObject({ exitCode: 0 });
  expect((await record()).hold).toBeUndefined();
  machine.changes = manyChanges();
  expect(await run()).toMatchObject({ exitCode: 14 });
  expect(await run()).toMatchObject({ exitCode: 14 });
  expect(machine.calls).toEqual([]);
});

it('lets no other command at the disk before the list of disks says how the run ended', async () => {
  const plain = registry;
  const free: boolean[] = [];
  registry = {
    ...plain,
    update: async (change) => {
      const lock = await lockFile(join(directory, 'lock'));
      await lock?.release();
      free.push(lock !== undefined);
      return plain.update(change);
    },
  };
  machine.fetched = [beat(0)];
  expect(await run()).toMatchObject({ exitCode: 0 });
  expect(free).toEqual([false]);
  const lock = await lockFile(join(directory, 'lock'));
  expect(lock).toBeDefined();
  await lock?.release();
});
