import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import type { RunRecord } from '../../../src/records/run-record.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';
import { enrol, runTo } from './a-run.ts';

const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' }, pull: { retries: 0 } });
const year = 366 * 86_400_000;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-clock-set-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

it.each([10 * year, -10 * year])(
  'a clock that is set by %d ms during a run changes nothing of its duration',
  async (ms) => {
    const [registry, machine] = [createDriveRegistry(join(directory, 'drives.json')), new FakeMachine()];
    await enrol(registry, machine, { filesTotal: 1000, bytesTotal: 1_000_000 });
    const { pull } = machine;
    machine.pull = (order, ...rest) => {
      const set = Date.now() + ms;
      vi.spyOn(Date, 'now').mockReturnValue(set);
      return pull.call(machine, order, ...rest);
    };
    const records: RunRecord[] = [];
    const bus = createBus(() => undefined);
    const end = await runTo({
      runId: 'r',
      directory,
      bus,
      registry,
      config,
      machine,
      record: (kept) => records.push(kept),
    });
    expect(end).toMatchObject({ exitCode: 0 });
    expect(records[0]?.tookMs).toBeGreaterThanOrEqual(0);
    expect(records[0]?.tookMs).toBeLessThan(60_000);
  },
);
