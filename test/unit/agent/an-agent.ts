import { join } from 'node:path';
import { AttachBoard } from '../../../src/agent/attach-board.ts';
import { refreshAttaches } from '../../../src/agent/refresh.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import type { Pause } from '../../../src/records/pause.ts';
import type { DriveRegistry } from '../../../src/records/drive-registry.ts';
import { openAttachMemory } from '../../../src/records/attach-memory.ts';
import { RunQueue } from '../../../src/run/run-queue.ts';
import type { Volume } from '../../../src/disk/volumes.ts';
import { deferred } from './deferred.ts';

const luksUuid = '00000000-0000-4000-8000-000000000001';

/** A plugged disk with the volume of {@link enrolled}. */
export const disk = (kname: string, diskseq: number): Volume => ({
  luksUuid,
  device: `/dev/${kname}1`,
  kname: `${kname}1`,
  disk: kname,
  diskseq,
  usb: true,
});

export const enrolled: DriveRecord = driveRecordSchema.parse({
  label: 'BACKUP_1',
  luksUuid,
  sealedId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  generation: 1,
  enrolledAt: '2026-01-01T00:00:00.000Z',
});

/** An agent that sees the disks it is told of; its runs end when they are let go. `at.key` says whether the key is loaded. */
export async function startAgent(at: {
  readonly directory: string;
  readonly registry: DriveRegistry;
  key: boolean;
  pause?: Pause | undefined;
  /** The server is away where this is false. */
  serverAnswers?: boolean;
}) {
  const board: AttachBoard = new AttachBoard();
  const attaches = await openAttachMemory(join(at.directory, 'attaches.json'), 'boot', (error) => {
    throw error;
  });
  const bus = createBus((_name, error) => {
    throw error;
  });
  const ignored: string[] = [];
  const opened: number[] = [];
  const removed: (string | undefined)[] = [];
  bus.on('drive:removed', ({ drive }) => {
    removed.push(drive);
  });
  const dropped: string[] = [];
  let going = deferred();
  bus.on('drive:ignored', ({ reason, device }) => {
    ignored.push(`${reason} ${device ?? ''}`);
  });
  const queue = new RunQueue(
    async ({ attach, drive }) => {
      opened.push(attach.diskseq);
      board.set(drive, 'running');
      await attaches.note(attach, 'started');
      await going.promise;
      await attaches.note(attach, 'served');
      board.set(drive, 'safe-to-unplug');
    },
    ({ drive }, reason) => {
      dropped.push(reason.message);
      board.set(drive, 'idle', reason.message);
    },
  );
  const look = async (...volumes: Volume[]): Promise<void> => {
    await refreshAttaches({
      bus,
      board,
      attaches,
      registry: at.registry,
      queue,
      bootId: 'boot',
      findVolumes: () => Promise.resolve(volumes),
      keyIsLoaded: () => Promise.resolve(at.key),
      pause: () => Promise.resolve(at.pause),
      othersAtWork: () => Promise.resolve(false),
      inTheWay: () => Promise.resolve(undefined),
      serverAnswers: () => Promise.resolve(at.serverAnswers ?? true),
      refreshLater: () => undefined,
    });
    await Promise.resolve();
  };
  const endRun = async (): Promise<void> => {
    going.resolve();
    await queue.idle();
    going = deferred();
  };
  const shown = () => board.describe([enrolled], new Map())[0];
  return { look, endRun, ignored, opened, removed, dropped, shown, queue, board };
}
