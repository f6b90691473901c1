import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { configSchema } from '../../../src/config/schema.ts';
import type { ParkOutcome } from '../../../src/disk/park.ts';
import { PullError } from '../../../src/errors.ts';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import type { Parking } from '../../../src/run/park-after-run.ts';
import type { RunEnd } from '../../../src/run/run-one.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';
import { enrol, onlyDisk, runTo } from './a-run.ts';

let directory: string;
let registry: DriveRegistry;
let machine: FakeMachine;
let events: { readonly name: string; readonly event: object }[];
let onBus: boolean;
let holds: readonly string[];
/** What parking was asked for. */
let asked: string[];
let outcome: ParkOutcome | 'failed';

const parking = (facts: { readonly usb?: boolean; readonly rotating?: boolean } = {}): Parking => ({
  isOnUsb: () => Promise.resolve(facts.usb ?? true),
  isRotating: () => Promise.resolve(facts.rotating ?? true),
  park: (drive, disk, how) => {
    asked.push(`${how} ${drive} ${disk}`);
    if (outcome === 'powered-off' || outcome === 'gone') onBus = false;
    return Promise.resolve(outcome);
  },
});

function run(after?: string, by = parking()): Promise<RunEnd> {
  const config = configSchema.parse({
    source: 'extbackup@backup',
    key: { derivation: 'sha512' },
    pull: { retries: 0 },
    release: after === undefined ? {} : { after },
  });
  const bus = createBus(() => undefined);
  events = [];
  bus.onAny((name, event) => {
    events.push({ name, event });
  });
  const record = (): void => undefined;
  const about = { runId: 'run-1', directory, bus, registry, config, machine, record };
  return runTo({ ...about, parking: by, isThere: () => onBus, holds: () => holds });
}
const names = (): string[] => events.map(({ name }) => name).slice(-3);
const warnings = (): object[] => events.filter(({ name }) => name === 'run:warned');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-park-'));
  registry = createDriveRegistry(join(directory, 'drives.json'));
  machine = new FakeMachine();
  await enrol(registry, machine, { filesTotal: 1000, bytesTotal: 1_000_000 });
  [onBus, holds, asked, outcome] = [true, [], [], 'parked'];
});
afterEach(() => rm(directory, { recursive: true }));

describe('which disks are parked', () => {
  it.each([
    [undefined, {}, ['park BACKUP_1 sda']],
    ['keep', {}, []],
    ['park', {}, ['park BACKUP_1 sda']],
    ['park', { rotating: false }, []],
    ['park', { usb: false }, []],
    ['power-off', { rotating: false }, ['power-off BACKUP_1 sda']],
    ['power-off', { usb: false }, []],
  ])('%s, %o', async (after, facts, wanted) => {
    expect(await run(after, parking(facts))).toMatchObject({ exitCode: 0, disk: 'closed' });
    expect(asked).toEqual(wanted);
  });

  it('also the disk of a failed run, but none that is open, or whose run goes on by itself', async () => {
    machine.failing.set('check', new PullError('EXB_X', 'It failed.', 'Look.'));
    expect(await run('park')).toMatchObject({ disk: 'closed' });
    expect(asked).toHaveLength(1);
    machine.failing.clear();
    holds = ['sda2 is held by md0'];
    expect(await run('park')).toMatchObject({ disk: 'open' });
    holds = [];
    machine.failing.set('pull', new PullError('EXB_NETWORK', 'Away.', 'Wait.'));
    expect(await run('park')).toMatchObject({ waits: true });
    expect(asked).toHaveLength(1);
  });
});

describe('what is told', () => {
  it('safe to unplug after the disk was parked', async () => {
    expect(await run('park')).toMatchObject({ exitCode: 0, disk: 'closed' });
    expect(names()).toEqual(['drive:parked', 'run:succeeded', 'drive:safe-to-unplug']);
  });

  it('a powered-off disk is gone and safe', async () => {
    outcome = 'powered-off';
    expect(await run('power-off')).toMatchObject({ exitCode: 0, disk: 'closed' });
    expect(names()).toEqual(['drive:parked', 'run:succeeded', 'drive:safe-to-unplug']);
  });

  it('what opened the disk meanwhile keeps it from being called safe', async () => {
    const by: Parking = {
      ...parking(),
      park: () => {
        holds = ['sda1 is held by dm-0'];
        return Promise.resolve('in-use');
      },
    };
    expect(await run('park', by)).toMatchObject({ disk: 'open' });
    expect(names().at(-1)).toBe('drive:do-not-unplug');
  });

  it.each(['refused', 'slow', 'failed'] as const)(
    '%s is told once, is no failure, and is not tried again',
    async (how) => {
      outcome = how;
      expect(await run('park')).toMatchObject({ exitCode: 0, disk: 'closed' });
      expect(warnings()).toHaveLength(1);
      expect(names().at(-1)).toBe('drive:safe-to-unplug');
      expect((await onlyDisk(registry)).unparkable).toMatchObject({ outcome: how });
      await run('park');
      expect(asked).toHaveLength(1);
      expect(warnings()).toHaveLength(0);
    },
  );

  it('a bridge that leaves the bus is left alone at its next plug-in, and tried again after a month, without a word', async () => {
    outcome = 'gone';
    expect(await run('park')).toMatchObject({ disk: 'gone' });
    onBus = true;
    await run('park');
    expect(asked).toHaveLength(1);
    const at = new Date(Date.now() - 31 * 86_400_000).toISOString();
    await registry.update((drives) => drives.map((drive) => ({ ...drive, unparkable: { at, outcome: 'gone' } })));
    outcome = 'refused';
    await run('park');
    expect(asked).toHaveLength(2);
    expect(warnings()).toHaveLength(0);
    await registry.update((drives) => drives.map((drive) => ({ ...drive, unparkable: { at, outcome: 'gone' } })));
    outcome = 'parked';
    await run('park');
    expect((await onlyDisk(registry)).unparkable).toBeUndefined();
  });

  it('a disk in use is no fault', async () => {
    outcome = 'in-use';
    await run('park');
    await run('park');
    expect(asked).toHaveLength(2);
    expect(warnings()).toHaveLength(0);
  });
});
