import type { Bus } from '../bus/bus.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { outOfRotation } from '../records/out-of-rotation.ts';
import { PullError } from '../errors.ts';
import type { Pause } from '../records/pause.ts';
import type { RunQueue } from '../run/run-queue.ts';
import { clockTime } from '../text/clock-time.ts';
import { asksServer, type Attach } from './attach-board.ts';
import type { AttachSurroundings } from './attach-surroundings.ts';
import { greet } from './greet.ts';
import { refuseTwins } from './twins.ts';
import { deviceAgainMs, isDue, askServer, nextDueIn, untilItAnswers, waitForDevice } from './waiting.ts';

/**
 * Looks up the plugged disks and acts on them: this is the only place where an attach becomes a run.
 * Level, not edge: called for every piece of news, it does nothing when nothing has changed.
 * Must not run twice at the same time.
 */
export async function refreshAttaches(around: AttachSurroundings): Promise<void> {
  const { board, bus, queue, attaches } = around;
  const volumes = await around.findVolumes();
  for (const attach of board.dropAllBut(volumes))
    if (attach.drive === undefined || !board.isPoweredOff(attach.drive)) sayRemoved(attach, bus, queue);
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
    if (known) await takeBack(known, record, around); // enrolled, lost or forgotten meanwhile
    await greet({ volume, volumes, record, enrolment: enrolmentOf(record) }, around);
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

/** Changes whenever a plugged disk must be judged again: with its enrolment and its state in the rotation. */
const enrolmentOf = (record: DriveRecord | undefined): string | undefined =>
  record ? `${record.label} ${record.sealedId} ${record.state}` : undefined;

/** Forgets the decision about an attach when its enrolment changes; a queued run is dropped. */
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
  if (attaches.stateOf(volume) === undefined) await attaches.note(volume, 'ignored'); // no event: the person who changed it already knows
}

/** Ends holds that an operator has answered. */
function settleHeld(attach: Attach, records: readonly DriveRecord[]): void {
  const hold = records.find(({ luksUuid }) => luksUuid === attach.volume.luksUuid)?.hold;
  if (attach.state !== 'held') return;
  if (hold?.approved === null) attach.isHoldRecorded = true;
  // A hold that could not be recorded, on a full disk of the station for example, is no hold that was answered.
  if (hold?.approved === null || (hold === undefined && attach.isHoldRecorded !== true)) return;
  if (asksServer(attach)) {
    attach.state = 'waiting-for-server';
    attach.message = `${hold ? 'Approved. ' : ''}${untilItAnswers}`;
    return;
  }
  attach.state = 'idle';
  attach.message = hold ? 'Approved. The run goes on with the next plug, or with: extbackup run' : null;
}

function sayRemoved(attach: Attach, bus: Bus, queue: RunQueue): void {
  const { drive, volume } = attach;
  bus.emit('drive:removed', { device: volume.kname, ...(drive !== undefined && { drive }) });
  if (drive === undefined) return;
  const reason = new PullError(
    'EXB_DISK_GONE',
    `Disk ${drive} was unplugged during its run.`,
    'Plug it in again: the run starts again. Wait for "safe to unplug" before you take it out.',
  );
  for (const order of [...queue.waiting, ...(queue.current ? [queue.current] : [])]) {
    if (order.drive === drive && order.attach.diskseq === volume.diskseq) queue.end(order.runId, reason);
  }
}

/** Queues new disks, and disks that no longer need to wait for the key, the server or another command. */
async function startWaiting(around: AttachSurroundings): Promise<void> {
  const { board } = around;
  const pause = await around.pause();
  if (pause) {
    rest(board.attaches, pause);
    around.refreshLater(pause.leftMs + 100);
    return;
  }
  const keyIsLoaded = await around.keyIsLoaded();
  for (const attach of board.attaches.filter((one) => isDue(one))) {
    const { drive } = attach;
    if (!keyIsLoaded || drive === undefined) waitForKey(attach, around.bus);
    else
      askServer(
        attach,
        () => around.serverAnswers(drive),
        () => {
          around.refreshLater(0);
        },
      );
  }
  const ready = board.attaches.filter(({ drive, state }) => drive !== undefined && startsWhenItCan.includes(state));
  if (ready.length > 0) {
    const reason = keyIsLoaded ? await around.inTheWay() : undefined;
    for (const attach of ready) {
      if (!keyIsLoaded) waitForKey(attach, around.bus);
      else if (reason === undefined) queueRun(attach, around);
      else {
        waitForDevice(attach, reason, around.bus);
        around.refreshLater(deviceAgainMs(attach));
      }
    }
  }
  const dueIn = nextDueIn(board.attaches);
  if (dueIn !== undefined) around.refreshLater(dueIn);
}

/** During a pause, a person wants to look at the disk first. */
function rest(attaches: readonly Attach[], { leftMs, by }: Pause): void {
  const now = new Date();
  for (const attach of attaches) {
    if (attach.drive === undefined || !startsWhenItCan.includes(attach.state)) continue;
    attach.state = 'new';
    attach.message = `Paused by ${by} until ${clockTime(new Date(now.getTime() + leftMs), now)}. To end it earlier: extbackup resume`;
  }
}

const startsWhenItCan: readonly Attach['state'][] = ['new', 'waiting-for-key', 'waiting-for-device'];

function waitForKey(attach: Attach, bus: Bus): void {
  if (attach.state === 'waiting-for-key' || attach.drive === undefined) return;
  attach.state = 'waiting-for-key';
  attach.message = 'The key is not loaded. Load it with: extbackup unlock';
  bus.emit('key:missing', { drive: attach.drive });
}

function queueRun(attach: Attach, { bus, queue }: AttachSurroundings): void {
  const { drive = '', volume } = attach;
  const added = queue.add(drive, { diskseq: volume.diskseq, luksUuid: volume.luksUuid }, 'plug');
  attach.state = added === undefined ? 'new' : 'queued'; // unplugged and plugged in again during its run: the next refresh adds it
  attach.message = null;
  if (added?.isNew === true) bus.emit('run:queued', { runId: added.order.runId, drive, trigger: 'plug' });
}
