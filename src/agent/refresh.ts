import type { Bus } from '../bus/bus.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import { outOfRotation } from '../records/out-of-rotation.ts';
import { PullError } from '../errors.ts';
import { mostTries, type AttachMemory } from '../records/attach-memory.ts';
import type { RunQueue } from '../run/run-queue.ts';
import type { Volume } from '../disk/volumes.ts';
import type { Attach, AttachBoard } from './attach-board.ts';
import { refuseTwins, twinTrouble } from './twins.ts';

/** What looking around needs. */
export interface AttachSurroundings {
  readonly bus: Bus;
  readonly board: AttachBoard;
  readonly attaches: AttachMemory;
  readonly registry: DriveRegistry;
  readonly queue: RunQueue;
  readonly bootId: string;
  findVolumes(): Promise<readonly Volume[]>;
  keyIsLoaded(): Promise<boolean>;
  /** Whether another command, `drive prepare` for example, is at work on disks: strange volumes are then looked at later. */
  othersAtWork(): Promise<boolean>;
  /** Asks for another look soon. */
  lookAgain(): void;
}

/**
 * Looks up what is plugged in and does what follows from it: this is the one place where an attach becomes a run.
 * Level, not edge: called for every piece of news, it does nothing when nothing has changed.
 * Must not run twice at the same time.
 */
export async function lookAround(around: AttachSurroundings): Promise<void> {
  const { board, bus, queue, attaches } = around;
  const volumes = await around.findVolumes();
  for (const attach of board.dropAllBut(volumes)) sayRemoved(attach, bus, queue);
  const records = await around.registry.list();
  for (const volume of volumes) {
    const known = board.attaches.find(
      (attach) => attach.volume.kname === volume.kname && attach.volume.diskseq === volume.diskseq,
    );
    const record = records.find(({ luksUuid }) => luksUuid === volume.luksUuid);
    if (
      known &&
      (known.enrolment === enrolmentOf(record) || known.state === 'running' || known.state === 'do-not-unplug')
    )
      continue;
    if (known) await takeBack(known, record, around); // enrolled, reported lost, forgotten … meanwhile
    await greet(volume, volumes, record, around);
  }
  for (const {
    attach: { volume, drive = '' },
    error,
  } of await refuseTwins(volumes, records, around)) {
    const facts = { diskseq: volume.diskseq, device: volume.kname, luksUuid: volume.luksUuid };
    bus.emit('drive:ignored', { ...facts, drive, reason: 'duplicate-uuid', happened: error.message, todo: error.todo });
  }
  await attaches.keepOnly(volumes);
  for (const attach of board.attaches) settleHeld(attach, records);
  await startWaiting(around);
}

/** Changes with everything that makes a new look at a plugged disk necessary: a new enrolment, and its place in the rotation. */
const enrolmentOf = (record: DriveRecord | undefined): string | undefined =>
  record ? `${record.label} ${record.sealedId} ${record.state}` : undefined;

/** Forgets what was decided about an attach before its enrolment changed; a run that waits is taken back. */
async function takeBack(
  known: Attach,
  record: DriveRecord | undefined,
  { board, attaches, queue }: AttachSurroundings,
): Promise<void> {
  const { drive, volume } = known;
  board.dropAllBut(board.attaches.filter((attach) => attach !== known).map((attach) => attach.volume));
  if (drive === undefined || record?.state === 'active') return;
  for (const order of queue.waiting.filter(
    (waiting) => waiting.drive === drive && waiting.attach.diskseq === volume.diskseq,
  ))
    queue.end(order.runId, outOfRotation(drive, record?.state));
  if (attaches.stateOf(volume) === undefined) await attaches.note(volume, 'ignored'); // whoever changed it knows
}

/** What was held is so no more when somebody has answered. */
function settleHeld(attach: Attach, records: readonly DriveRecord[]): void {
  const hold = records.find(({ luksUuid }) => luksUuid === attach.volume.luksUuid)?.hold;
  if (attach.state !== 'held' || hold?.approved === null) return;
  attach.state = 'idle';
  attach.message = hold ? 'Approved. The run goes on with the next plug, or with: extbackup run' : null;
}

function sayRemoved(attach: Attach, bus: Bus, queue: RunQueue): void {
  const { drive, volume } = attach;
  bus.emit('drive:removed', { device: volume.kname, ...(drive !== undefined && { drive }) });
  if (drive === undefined) return;
  const reason = new PullError(
    'EXB_DISK_GONE',
    `Disk ${drive} was pulled out during its run.`,
    'Plug it in again: the run starts anew. Wait for "safe to unplug" before you take it out.',
  );
  for (const order of [...queue.waiting, ...(queue.current ? [queue.current] : [])]) {
    if (order.drive === drive && order.attach.diskseq === volume.diskseq) queue.end(order.runId, reason);
  }
}

/** Decides about a volume that was not there at the last look. */
async function greet(
  volume: Volume,
  volumes: readonly Volume[],
  record: DriveRecord | undefined,
  around: AttachSurroundings,
): Promise<void> {
  const { board, bus, attaches } = around;
  const enrolment = enrolmentOf(record);
  const seen = attaches.stateOf(volume);
  const facts = { diskseq: volume.diskseq, device: volume.kname, luksUuid: volume.luksUuid };
  if (record === undefined) {
    if (!volume.usb) return; // the station's own encrypted disks are nobody's business here
    if (await around.othersAtWork()) {
      around.lookAgain();
      return;
    }
    board.put({ volume, enrolment, drive: undefined, state: 'ignored', message: null });
    if (seen !== undefined) return;
    await attaches.note(volume, 'ignored');
    bus.emit('drive:attached', { source: 'udev', diskseq: volume.diskseq, device: volume.kname });
    bus.emit('drive:ignored', {
      ...facts,
      reason: 'not-enrolled',
      happened: `A LUKS disk that is not enrolled was plugged in (${volume.kname}). It was not touched.`,
      todo: 'If it is a backup disk of this station, enrol it: extbackup drive adopt --help',
    });
    return;
  }
  const drive = record.label;
  if (seen === undefined) bus.emit('drive:attached', { source: 'udev', diskseq: volume.diskseq, device: volume.kname });
  if (record.state !== 'active') {
    const { message, todo } = outOfRotation(drive, record.state);
    const happened = `${record.state === 'lost' ? 'A lost disk has turned up' : 'A retired disk was plugged in'}. ${message} It was not opened.`;
    board.put({ volume, enrolment, drive, state: 'ignored', message: `${happened} ${todo}` });
    if (seen === undefined) bus.emit('drive:ignored', { ...facts, reason: 'not-enrolled', happened, todo });
    if (seen === undefined) await attaches.note(volume, 'ignored');
    return;
  }
  if (twinTrouble(drive, volume, volumes, around) !== undefined) {
    board.put({ volume, enrolment, drive, state: 'new', message: null }); // and is refused with its twin
    return;
  }
  bus.emit('drive:identified', { ...facts, drive });
  if (
    record.enrolledDuring?.bootId === around.bootId &&
    record.enrolledDuring.diskseq === volume.diskseq &&
    seen !== 'started'
  ) {
    board.put({
      volume,
      enrolment,
      drive,
      state: 'idle',
      message: 'Just enrolled. The first run starts with the next plug, or with: extbackup run',
    });
    if (seen === undefined)
      bus.emit('drive:ignored', {
        ...facts,
        reason: 'just-prepared',
        happened: `Disk ${drive} was enrolled while it was plugged in.`,
        todo: `Its first run starts with the next plug, or now with: extbackup run --drive ${drive}`,
      });
    await attaches.note(volume, 'served');
    return;
  }
  if (seen === 'served' || seen === 'ignored' || attaches.triesOf(volume) >= mostTries) {
    const failed = record.lastError !== null;
    if (record.hold && !record.hold.approved) {
      board.put({ volume, enrolment, drive, state: 'held', message: record.hold.reason });
      return;
    }
    board.put({
      volume,
      enrolment,
      drive,
      state: failed ? 'failed' : 'idle',
      message: failed ? `Its last run failed (${record.lastError ?? ''}).` : null,
    });
    return;
  }
  board.put({ volume, enrolment, drive, state: 'new', message: null });
}

/** Queues what is new, and what waited for the key. */
async function startWaiting(around: AttachSurroundings): Promise<void> {
  const { board, bus, queue } = around;
  const ready = board.attaches.filter(({ state }) => state === 'new' || state === 'waiting-for-key');
  if (ready.length === 0) return;
  const keyIsLoaded = await around.keyIsLoaded();
  for (const attach of ready) {
    const { drive, volume } = attach;
    if (drive === undefined) continue;
    if (!keyIsLoaded) {
      if (attach.state === 'waiting-for-key') continue;
      attach.state = 'waiting-for-key';
      attach.message = 'The key is not loaded. Load it with: extbackup unlock';
      bus.emit('key:missing', { drive });
      continue;
    }
    const added = queue.add(drive, { diskseq: volume.diskseq, luksUuid: volume.luksUuid }, 'plug');
    attach.state = added === undefined ? 'new' : 'queued'; // out and in again during its run: the look after that adds it
    attach.message = null;
    if (added?.isNew === true) bus.emit('run:queued', { runId: added.order.runId, drive, trigger: 'plug' });
  }
}
