import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { noteCutOff, tellCutOffRun } from '../../../src/agent/cut-off-run.ts';
import { createBus } from '../../../src/bus/bus.ts';
import type { EventMap } from '../../../src/bus/events.ts';
import { forgetBegun, noteBegun, readBegun } from '../../../src/records/begun-run.ts';
import { openAttachMemory } from '../../../src/records/attach-memory.ts';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import { createRunLog } from '../../../src/records/run-log.ts';
import { enrolled } from './an-agent.ts';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-begun-'));
  file = join(directory, 'begun-run.json');
});
afterEach(() => rm(directory, { recursive: true }));

const begun = {
  id: '20261129T120000-aabbcc',
  drive: 'BACKUP_1',
  luksUuid: enrolled.luksUuid,
  diskseq: 9,
  trigger: 'plug',
  startedAt: '2026-11-29T12:00:00.000Z',
  bootId: 'boot-1',
};

async function startAgent(bootId: string, tries = 1, ranOutOfMemory = false) {
  const failed: EventMap['run:failed'][] = [];
  const bus = createBus((_name, error) => {
    throw error;
  });
  bus.on('run:failed', (event) => {
    failed.push(event);
  });
  const registry = createDriveRegistry(join(directory, 'drives.json'));
  await registry.update(() => [enrolled]);
  const runs = createRunLog(join(directory, 'runs.jsonl'));
  const onError = (error: unknown): void => {
    throw error;
  };
  const attaches = await openAttachMemory(join(directory, 'attaches.json'), bootId, onError);
  for (let count = 0; count < tries; count += 1)
    await attaches.note({ diskseq: 9, luksUuid: begun.luksUuid }, 'started');
  const told = await tellCutOffRun({ bus, file, runs, registry, attaches, bootId, ranOutOfMemory, onError });
  return { told, failed, runs: await runs.list(), record: (await registry.list())[0] };
}

it.each([
  ['boot-1', 'the agent died in the middle of it'],
  ['boot-2', 'the station went down in the middle of it'],
])(
  'a run that died is told once by the agent of %s, in the journal, the run log and the registry',
  async (boot, cause) => {
    await noteBegun(file, begun);
    const { told, failed, runs, record } = await startAgent(boot);
    expect(told).toBe(true);
    expect(failed).toEqual([
      expect.objectContaining({ runId: begun.id, drive: 'BACKUP_1', code: 'EXB_CUT_OFF', exitCode: 13 }),
    ]);
    expect(failed[0]?.happened).toContain(cause);
    expect(runs).toEqual([expect.objectContaining({ id: begun.id, outcome: 'failure', code: 'EXB_CUT_OFF' })]);
    expect(record).toMatchObject({ lastError: 'EXB_CUT_OFF', lastRun: begun.startedAt, runs: 1, lastSuccess: null });
    expect(await readBegun(file)).toBeUndefined();
    expect((await startAgent(boot)).told).toBe(false);
  },
);

it('a run that ended is told no second time', async () => {
  await noteBegun(file, begun);
  await forgetBegun(file);
  expect(await startAgent('boot-1')).toMatchObject({ told: false, failed: [], runs: [] });
});

it('says of the third in a row that it does not start by itself any more, and how it is started', async () => {
  await noteBegun(file, begun);
  const [first] = (await startAgent('boot-1', 2)).failed;
  expect(first?.todo).toContain('starts again by itself');
  await rm(join(directory, 'attaches.json'));
  await noteBegun(file, { ...begun, id: '20261129T130000-aabbcc' });
  const [third] = (await startAgent('boot-1', 3)).failed;
  expect(third?.todo).toMatch(/3 times in a row.*extbackup run --drive BACKUP_1/);
});

it('names memory that was short', async () => {
  await noteBegun(file, begun);
  expect((await startAgent('boot-1', 1, true)).failed[0]?.happened).toContain('ran out of memory');
});

it('a run that had ended when its agent died is told as ended, and is no failure', async () => {
  await noteBegun(file, begun);
  const before = await startAgent('boot-1'); // its record is in the run log now
  expect(before.runs).toHaveLength(1);
  await noteBegun(file, begun);
  const { told, failed, runs } = await startAgent('boot-1');
  expect([told, failed, runs.length]).toEqual([true, [], 1]);
  expect(await readBegun(file)).toBeUndefined();
});

it('a run that only the disk tells of is written down once', async () => {
  const runs = createRunLog(join(directory, 'runs.jsonl'));
  expect(await noteCutOff(runs, 'BACKUP_1', begun)).toBe(true);
  expect(await noteCutOff(runs, 'BACKUP_1', begun)).toBe(false);
  expect(await runs.list()).toEqual([
    expect.objectContaining({ id: begun.id, code: 'EXB_CUT_OFF', outcome: 'failure', startedAt: begun.startedAt }),
  ]);
});
