import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAttachBoard, type AttachBoard } from '../../../src/agent/attach-board.ts';
import { lookAround } from '../../../src/agent/attach-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { driveRecordSchema, type DriveRecord } from '../../../src/drives/drive-record.ts';
import { createDriveRegistry, type DriveRegistry } from '../../../src/drives/drive-registry.ts';
import { openAttachLedger } from '../../../src/run/attach-ledger.ts';
import { createRunQueue } from '../../../src/run/run-queue.ts';
import type { Volume } from '../../../src/run/volumes.ts';
import { deferred } from './deferred.ts';

const luksUuid = '00000000-0000-4000-8000-000000000001';
const disk = (kname: string, diskseq: number): Volume => ({ luksUuid, device: `/dev/${kname}1`, kname: `${kname}1`, disk: kname, diskseq, usb: true });
const record: DriveRecord = driveRecordSchema.parse({ label: 'BACKUP_1', luksUuid, sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301', generation: 1, enrolledAt: '2026-01-01T00:00:00.000Z' });

let directory: string;
let registry: DriveRegistry;
let key: boolean;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'twins-'));
  registry = createDriveRegistry(join(directory, 'drives.json'));
  await registry.update(() => [record]);
  key = true;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** An agent that sees the disks it is told of; its runs end when they are let go. */
async function startAgent() {
  const board: AttachBoard = createAttachBoard();
  const ledger = await openAttachLedger(join(directory, 'attaches.json'), 'boot', (error) => { throw error; });
  const bus = createBus((_name, error) => { throw error; });
  const ignored: string[] = [];
  const opened: number[] = [];
  let going = deferred();
  bus.on('drive:ignored', ({ reason, device }) => { ignored.push(`${reason} ${device ?? ''}`); });
  const queue = createRunQueue(async ({ attach, drive }) => {
    opened.push(attach.diskseq);
    board.set(drive, 'running');
    await ledger.note(attach, 'started');
    await going.promise;
    await ledger.note(attach, 'served');
    board.set(drive, 'safe-to-unplug');
  }, ({ drive }, reason) => { board.set(drive, 'idle', reason.message); });
  const look = async (...volumes: Volume[]): Promise<void> => {
    await lookAround({ bus, board, ledger, registry, queue, bootId: 'boot', findVolumes: () => Promise.resolve(volumes), keyIsLoaded: () => Promise.resolve(key), othersAtWork: () => Promise.resolve(false), lookAgain: () => undefined });
    await Promise.resolve();
  };
  const endRun = async (): Promise<void> => {
    going.resolve();
    await queue.idle();
    going = deferred();
  };
  const shown = () => board.describe([record], new Map())[0];
  return { look, endRun, ignored, opened, shown, queue };
}

it('opens neither of two disks with one LUKS id, nor the one that stays, before it is plugged in anew', async () => {
  const { look, opened, ignored, shown, endRun } = await startAgent();
  await look(disk('sda', 1), disk('sdb', 2));
  expect(ignored).toEqual(['duplicate-uuid sda1', 'duplicate-uuid sdb1']);
  expect(shown()).toMatchObject({ state: 'failed', present: true, message: 'Two disks with the LUKS header of BACKUP_1 are plugged in; one is a copy. Take both out and plug in the real one alone.' });
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'failed', present: true });
  expect(shown()?.message).toContain('not opened before it is plugged in anew. Take it out, and plug in the real one alone.');
  expect(ignored).toHaveLength(2);
  expect(opened).toEqual([]);
  await look();
  expect(shown()).toMatchObject({ state: 'absent', message: null });
  await look(disk('sda', 3));
  expect(opened).toEqual([3]);
  expect(shown()).toMatchObject({ state: 'running', message: null });
  await endRun();
});

it('stays with that when the agent starts again, and tells it once', async () => {
  await (await startAgent()).look(disk('sda', 1), disk('sdb', 2));
  const { look, opened, ignored, shown } = await startAgent();
  await look(disk('sdb', 2));
  expect({ opened, ignored, state: shown()?.state }).toEqual({ opened: [], ignored: [], state: 'failed' });
  expect(shown()?.message).toContain('plug in the real one alone');
});

it('takes back the run of a disk that waits for the key or for its turn when a twin comes', async () => {
  key = false;
  const { look, opened, shown, queue } = await startAgent();
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'waiting-for-key' });
  await look(disk('sda', 1), disk('sdb', 2));
  key = true;
  await look(disk('sda', 1), disk('sdb', 2));
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'failed' });
  expect(opened).toEqual([]);
  expect(queue.waiting).toEqual([]);
});

it('drops a queued run and shows the refusal, not an idle disk', async () => {
  const { look, opened, shown, queue, endRun } = await startAgent();
  queue.add('OTHER', { diskseq: 9, luksUuid: 'other' }, 'plug');
  await Promise.resolve();
  await look(disk('sda', 1));
  expect(shown()).toMatchObject({ state: 'queued' });
  await look(disk('sda', 1), disk('sdb', 2));
  expect(shown()).toMatchObject({ state: 'failed' });
  await endRun();
  expect(opened).toEqual([9]);
});

it('leaves a run alone that began before the twin came, and says that the twin is there', async () => {
  const { look, opened, ignored, shown, endRun } = await startAgent();
  await look(disk('sda', 1));
  await look(disk('sda', 1), disk('sdb', 2));
  expect(ignored).toEqual(['duplicate-uuid sdb1']);
  expect(shown()).toMatchObject({ state: 'running' });
  expect(shown()?.message).toContain('A second disk with the LUKS header of BACKUP_1 is plugged in (sdb1)');
  await endRun();
  await look(disk('sda', 1), disk('sdb', 2));
  expect(shown()).toMatchObject({ state: 'safe-to-unplug' });
  await look(disk('sdb', 2));
  expect(shown()).toMatchObject({ state: 'failed' });
  expect(opened).toEqual([1]);
});
