import { mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DriveRecord } from '../../../src/records/drive-record.ts';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import { noteUndone, planRollback, rollBack, type RollbackPlan } from '../../../src/restore/roll-back.ts';
import { type RunRecord } from '../../../src/records/run-record.ts';
import { runRecordSchema } from '../../../src/records/run-record.ts';
import { stampFile } from '../../../src/disk/filesystem.ts';
import { startProgram } from '../../../src/system/command.ts';
import { fill, openDisk, readTree, type DiskAndServer } from './a-disk.ts';

let disk: DiskAndServer;
let directory: string;
let registry: DriveRegistry;
beforeEach(async () => {
  disk = await openDisk();
  directory = await mkdtemp(join(tmpdir(), 'noted-'));
  registry = createDriveRegistry(join(directory, 'drives.json'));
  await fill(disk.source, 20);
  await writeFile(join(disk.top, 'LABEL'), 'BACKUP_1\n');
});
afterEach(async () => {
  await disk.remove();
  await rm(directory, { recursive: true });
});

const never = new AbortController().signal;
const labelTime = async (): Promise<number> => Math.round((await stat(join(disk.top, 'LABEL'))).mtimeMs); // utimes(2) gets seconds as a double
const noted = async (): Promise<DriveRecord> => {
  const [first] = await registry.list();
  if (first === undefined) throw new Error('there is no disk');
  return first;
};
/** A complete run, with its stamp. */
const completeRun = async (): Promise<void> => {
  await disk.pull();
  await stampFile(join(disk.top, 'LABEL'), new Date(disk.record.lastSuccess ?? 0));
  await registry.update(() => [disk.record]);
};
const planned = async (record: DriveRecord): Promise<RollbackPlan> => {
  const plan = await planRollback(disk.top, record, undefined, never);
  if (!plan) throw new Error('there is nothing to undo');
  return plan;
};
const carryOut = (plan: RollbackPlan): Promise<void> =>
  rollBack(startProgram, disk.top, 'backups', plan, { removed: 0, restored: 0, left: 0 }, never);
const runOf = (drive: string, startedAt: string): RunRecord =>
  runRecordSchema.parse({
    id: 'r',
    drive,
    trigger: 'plug',
    startedAt,
    endedAt: startedAt,
    outcome: 'success',
    exitCode: 0,
    code: null,
    message: '',
    released: true,
    tookMs: 1,
    filesTotal: 1,
    filesTransferred: 1,
    filesDeleted: 0,
    bytesTotal: 1,
    bytesTransferred: 1,
    bytesReceived: 1,
  });

it('a disk whose only complete run is undone is one without a success, whatever another disk of its label had', async () => {
  await completeRun();
  await noteUndone(registry, disk.top, disk.record, await planned(disk.record), [
    runOf('BACKUP_1', '2025-06-01T00:00:00.000Z'),
  ]);
  expect(await noted()).toMatchObject({ lastSuccess: null });
  expect(await labelTime()).toBe(0);
});

it('is at the complete run before the one that is undone, also when its list of runs is lost', async () => {
  await completeRun();
  const first = disk.record.lastSuccess;
  await writeFile(join(disk.source, 'folder-0/more'), 'more');
  await completeRun();
  await noteUndone(registry, disk.top, disk.record, await planned(disk.record), []);
  expect((await noted()).lastSuccess).toBe(first);
  expect(await labelTime()).toBe(Date.parse(first ?? ''));
});

it.each([1, 2])('cut off after it was begun, it is finished by planning anew (%i complete runs)', async (runs) => {
  const before = [new Map<string, string>()];
  for (let run = 0; run < runs; run += 1) {
    await writeFile(join(disk.source, 'folder-0/file-0'), 'x'.repeat(run + 1));
    await completeRun();
    before.push(await readTree(disk.mirror));
  }
  await noteUndone(registry, disk.top, disk.record, await planned(disk.record), []);
  await carryOut(await planned(await noted()));
  expect(await readTree(disk.mirror)).toEqual(before.at(-2));
});

it('takes back the success of a source that was complete in the run that is undone', async () => {
  await completeRun();
  const { lastSuccess } = disk.record;
  const source = { lastError: null, filesTotal: 20, bytesTotal: 1 };
  await writeFile(join(disk.source, 'folder-0/more'), 'more');
  await disk.pull();
  const record = {
    ...disk.record,
    lastSuccess,
    sources: { a: { ...source, lastSuccess: disk.record.lastSuccess }, b: { ...source, lastSuccess } },
  };
  await registry.update(() => [record]);
  await noteUndone(registry, disk.top, record, await planned(record), []);
  expect(await noted()).toMatchObject({ lastSuccess, sources: { a: { lastSuccess }, b: { lastSuccess } } });
});

/** Gives the only entry of the history the name that it has from a clock that is years ahead. */
async function dateAhead(): Promise<void> {
  const [entry = ''] = await readdir(join(disk.top, '.extbackup/history'));
  const name = '20310101T000000.000Z';
  await rename(join(disk.top, '.extbackup/history', entry), join(disk.top, `.extbackup/history/${name}.log`));
  const kept = join(disk.top, 'history', entry.replace('.log', ''));
  await rename(kept, join(disk.top, 'history', name)).catch(() => undefined); // the first run replaces nothing
  disk.record = { ...disk.record, historyAt: '2031-01-01T00:00:00.000Z' };
}

it('undoes one run, and no more, after the clock was ahead once', async () => {
  await completeRun();
  await dateAhead();
  const [first, afterFirst] = [disk.record.lastSuccess, await readTree(disk.mirror)];
  await writeFile(join(disk.source, 'folder-0/file-0'), 'second');
  await completeRun();
  const [second, afterSecond] = [disk.record, await readTree(disk.mirror)];
  await writeFile(join(disk.source, 'folder-0/file-0'), 'third');
  await disk.pull(); // not stamped, as when it is held
  disk.record = second;
  await carryOut(await planned(second));
  expect(await readTree(disk.mirror)).toEqual(afterSecond);
  const plan = await planned(second);
  await noteUndone(registry, disk.top, second, plan, [
    runOf('BACKUP_1', first ?? ''),
    runOf('BACKUP_1', second.lastSuccess ?? ''),
  ]);
  await carryOut(plan);
  expect(await readTree(disk.mirror)).toEqual(afterFirst);
  const record = await noted();
  expect(record).toMatchObject({ lastSuccess: first, historyAt: '2031-01-01T00:00:00.000Z' });
  expect(record).not.toHaveProperty('historyBefore');
  expect(await labelTime()).toBe(Date.parse(first ?? ''));
});
