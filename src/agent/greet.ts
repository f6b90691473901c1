import type { DriveRecord } from '../records/drive-record.ts';
import { outOfRotation } from '../records/out-of-rotation.ts';
import { mostTries } from '../records/attach-memory.ts';
import { goesOnWithServer } from '../rsync/failure.ts';
import type { Volume } from '../disk/volumes.ts';
import type { Attach } from './attach-board.ts';
import type { AttachSurroundings } from './attach-surroundings.ts';
import { twinTrouble } from './twins.ts';
import { othersGoOn, untilItAnswers } from './waiting.ts';

/** A volume that was not plugged in at the last refresh. */
export interface NewVolume {
  readonly volume: Volume;
  /** All volumes that are plugged in. */
  readonly volumes: readonly Volume[];
  /** undefined for a disk that is not enrolled. */
  readonly record: DriveRecord | undefined;
  readonly enrolment: string | undefined;
}

/** Decides what a new volume is, reports it, and puts it on the board: state `new` leads to a run. */
export async function greet(news: NewVolume, around: AttachSurroundings): Promise<void> {
  const { volume, volumes, record } = news;
  const { board, bus, attaches } = around;
  if (record === undefined) {
    await greetStranger(news, around);
    return;
  }
  const drive = record.label;
  const put = (state: Attach['state'], message: string | null = null, again: Pick<Attach, 'againAt'> = {}): void => {
    board.put({ volume, enrolment: news.enrolment, drive, state, message, ...again });
  };
  const seen = attaches.stateOf(volume);
  if (seen === undefined) bus.emit('drive:attached', { source: 'udev', diskseq: volume.diskseq, device: volume.kname });
  if (record.state !== 'active') put('ignored', await refuseOutOfRotation(drive, record.state, volume, around));
  else if (twinTrouble(drive, volume, volumes, around) !== undefined)
    put('new'); // it is refused together with its twin
  else {
    bus.emit('drive:identified', { ...factsOf(volume), drive });
    if (isJustEnrolled(record, volume, around.bootId) && seen !== 'started' && seen !== 'interrupted') {
      put('idle', 'Just enrolled. The first run starts with the next plug, or with: extbackup run');
      if (seen === undefined) bus.emit('drive:ignored', justPrepared(drive, volume));
      await attaches.note(volume, 'served');
    } else if (seen === 'served' || seen === 'ignored' || attaches.triesOf(volume) >= mostTries) {
      const { hold, lastError, sources = {} } = record;
      const ofSources = Object.values(sources).map((source) => source.lastError);
      const waits = goesOnWithServer(lastError, ofSources);
      if (hold && !hold.approved && waits && seen !== 'started')
        put('held', `${hold.reason} ${othersGoOn}`, { againAt: 0 });
      else if (hold && !hold.approved) put('held', hold.reason);
      else if (seen === 'started') put('failed', giveUp(drive, attaches.triesOf(volume)));
      else if (waits) put('waiting-for-server', `The server was away. ${untilItAnswers}`);
      else if (lastError === 'EXB_CANCELLED') put('idle', 'Its last run was cancelled.');
      else if (lastError !== null) put('failed', `Its last run failed (${lastError}).`);
      else put('idle');
    } else put('new');
  }
}

const giveUp = (drive: string, tries: number): string =>
  `Its run was cut off ${tries} times, so it does not start by itself any more. ` +
  `Find out why the agent died: journalctl -u extbackup ; then: extbackup run --drive ${drive}`;

async function greetStranger({ volume, enrolment }: NewVolume, around: AttachSurroundings): Promise<void> {
  const { board, bus, attaches } = around;
  if (!volume.usb) return; // the station's own encrypted disks are not backup disks
  if (await around.othersAtWork()) {
    around.refreshLater();
    return;
  }
  board.put({ volume, enrolment, drive: undefined, state: 'ignored', message: null });
  if (attaches.stateOf(volume) !== undefined) return;
  await attaches.note(volume, 'ignored');
  bus.emit('drive:attached', { source: 'udev', diskseq: volume.diskseq, device: volume.kname });
  bus.emit('drive:ignored', {
    ...factsOf(volume),
    reason: 'not-enrolled',
    happened: `A LUKS disk that is not enrolled was plugged in (${volume.kname}). It was not touched.`,
    todo: 'If it is a backup disk of this station, enrol it: extbackup drive adopt --help',
  });
}

/** @returns the state and message of the disk */
async function refuseOutOfRotation(
  label: string,
  state: Exclude<DriveRecord['state'], 'active'>,
  volume: Volume,
  { bus, attaches }: AttachSurroundings,
): Promise<string> {
  const { message, todo } = outOfRotation(label, state);
  const event = state === 'lost' ? 'A lost disk has turned up' : 'A retired disk was plugged in';
  const happened = `${event}. ${message} It was not opened.`;
  if (attaches.stateOf(volume) === undefined) {
    bus.emit('drive:ignored', { ...factsOf(volume), reason: 'not-enrolled', happened, todo });
    await attaches.note(volume, 'ignored');
  }
  return `${happened} ${todo}`;
}

const isJustEnrolled = ({ enrolledDuring }: DriveRecord, volume: Volume, bootId: string): boolean =>
  enrolledDuring?.bootId === bootId && enrolledDuring.diskseq === volume.diskseq;

const justPrepared = (drive: string, volume: Volume) => ({
  ...factsOf(volume),
  reason: 'just-prepared' as const,
  happened: `Disk ${drive} was enrolled while it was plugged in.`,
  todo: `Its first run starts with the next plug, or now with: extbackup run --drive ${drive}`,
});

const factsOf = ({ diskseq, kname, luksUuid }: Volume) => ({ diskseq, device: kname, luksUuid });
