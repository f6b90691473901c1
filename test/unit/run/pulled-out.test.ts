import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { PullError } from '../../../src/errors.ts';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';
import { enrol, runTo } from './a-run.ts';

const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' }, pull: { retries: 0 } });

it.each([
  [true, 'EXB_DISK_GONE'],
  [false, 'EXB_DISK_ERROR'],
])('an error of a disk that is pulled out is no fault of it: %s, %s', async (isPulled, code) => {
  const directory = await mkdtemp(join(tmpdir(), 'extbackup-pulled-'));
  const [registry, machine] = [createDriveRegistry(join(directory, 'drives.json')), new FakeMachine()];
  await enrol(registry, machine, { filesTotal: 1000, bytesTotal: 1_000_000 });
  let isThere = true;
  machine.pull = () => {
    isThere = !isPulled;
    return Promise.reject(new PullError('EXB_DISK_ERROR', 'Disk BACKUP_1 reported errors or disappeared.', 'Look.'));
  };
  const bus = createBus(() => undefined);
  const parts = { runId: 'r', directory, bus, registry, config, machine, record: () => undefined };
  const end = await runTo({ ...parts, isThere: () => isThere });
  expect(end).toMatchObject({ failure: { code }, disk: isPulled ? 'gone' : 'closed' });
  await rm(directory, { recursive: true });
});

it('is no fault of it either when the kernel removes it only moments later', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'extbackup-pulled-'));
  const [registry, machine] = [createDriveRegistry(join(directory, 'drives.json')), new FakeMachine()];
  await enrol(registry, machine, { filesTotal: 1000, bytesTotal: 1_000_000 });
  let looksLeft = Infinity;
  machine.pull = () => {
    looksLeft = 2;
    return Promise.reject(new PullError('EXB_DISK_ERROR', 'Disk BACKUP_1 reported errors or disappeared.', 'Look.'));
  };
  const bus = createBus(() => undefined);
  const parts = { runId: 'r', directory, bus, registry, config, machine, record: () => undefined };
  const end = await runTo({ ...parts, isThere: () => looksLeft-- > 0 });
  expect(end).toMatchObject({ failure: { code: 'EXB_DISK_GONE' }, disk: 'gone' });
  await rm(directory, { recursive: true });
});
