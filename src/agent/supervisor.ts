/**
 * The agent's heart: what is plugged in leads to runs, what the operator asks for is answered, and what happened is
 * told. It knows nothing of where its news come from; the triggers call it.
 */
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import { BusyError, CancelledError, exitCodes, ExtbackupError, KeyError, messageOf } from '../errors.ts';
import { rekeyAdvice } from '../keys/previous-keys.ts';
import type { Machine } from '../pipeline/machine.ts';
import { coalesce } from '../system/coalesce.ts';
import type { RunLog } from '../records/run-log.ts';
import type { AttachMemory } from '../records/attach-memory.ts';
import { releaseDisks } from '../disk/release-disks.ts';
import { runOne, type RunEnd } from '../run/run-one.ts';
import { createRunQueue, type RunOrder } from '../run/run-queue.ts';
import { findVolumes, type Volume } from '../disk/volumes.ts';
import type { StartProgram } from '../system/command.ts';
import { lockFile } from '../system/file-lock.ts';
import { holdsOf } from '../disk/holds.ts';
import { readIoErrors } from '../disk/io-errors.ts';
import { mappingName } from '../disk/luks.ts';
import type { Paths } from '../system/paths.ts';
import { askSmartByUnit, hasSmartctl } from '../disk/smart.ts';
import { releaseAll } from '../disk/release.ts';
import type { SpoolRequest } from '../protocol/spool-note.ts';
import { createAttachBoard, type AttachBoard } from './attach-board.ts';
import { lookAround } from './refresh.ts';
import { createKeyLookup } from './key-lookup.ts';
import { releaseUntilClosed } from './release-until-closed.ts';
import type { Replies } from './replies.ts';
import { createRequests } from './requests.ts';
import { twinTrouble } from './twins.ts';

export interface SupervisorParts {
  readonly bus: Bus;
  readonly start: StartProgram;
  readonly paths: Paths;
  readonly bootId: string;
  readonly registry: DriveRegistry;
  readonly runs: RunLog;
  readonly attaches: AttachMemory;
  readonly replies: Replies;
  loadConfig(): Promise<Config>;
  machineFor(config: Config, record: DriveRecord): Machine;
  /** Called after every change of what `status` shows. */
  readonly publish: () => void;
  /** In place of what the station sees of the machine by itself. */
  readonly sight?: Sight;
}

/** What is plugged in, and whether it can be opened. */
export interface Sight {
  readonly findVolumes: () => Promise<readonly Volume[]>;
  readonly keyIsLoaded: () => Promise<boolean>;
}

export interface Supervisor {
  readonly board: AttachBoard;
  /** Something may have changed: look what is plugged in. */
  look(): void;
  /** The key file appeared, changed or went away. */
  keyChanged(): void;
  request(request: SpoolRequest): void;
  keyIsLoaded(): Promise<boolean>;
  /** Resolves when no run is going on and none waits. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const lookAgainMs = 2_000;
const registryAgainMs = 30_000;
const closePatienceMs = 1_000; // others wait for the lock
const lookPatienceMs = 3_000; // we take it ourselves to see whether somebody has it

export function createSupervisor(parts: SupervisorParts, releaseAgainMs = 10_000): Supervisor {
  const { bus, start, paths, registry, publish } = parts;
  const board = createAttachBoard();
  const deviceLock = `${paths.run}/device.lock`;
  const stopping = new AbortController();
  const closing = new Map<string, AbortController>(); // by disk that could not be closed
  let keyWasLoaded = false;
  let again: NodeJS.Timeout | undefined;
  let lookTrouble: string | undefined; // told once, not at every look
  const warn =
    (what: string) =>
    (error: unknown): void => {
      bus.emit('warning:raised', { reason: `${what}: ${messageOf(error)}`, todo: 'See: extbackup doctor' });
    };

  const keyIsLoaded =
    parts.sight?.keyIsLoaded ??
    createKeyLookup({
      paths,
      loadConfig: () => parts.loadConfig(),
      warn: (reason, todo) => {
        bus.emit('warning:raised', { reason, todo });
      },
    });

  const carryOut = async (order: RunOrder, signal: AbortSignal): Promise<void> => {
    const { drive, attach } = order;
    if (!(await keyIsLoaded())) {
      board.set(drive, 'new'); // the next look lets it wait for the key
      requests.onDropped(
        order.runId,
        new KeyError(
          'EXB_KEY_MISSING',
          `The key went away before the run of ${drive} began.`,
          'Load it: extbackup unlock',
        ),
      );
      look();
      return;
    }
    closing.get(drive)?.abort(); // from here on this run answers for it
    board.set(drive, 'running');
    board.startRun(order);
    await parts.attaches.note(attach, 'started');
    requests.onStarted(order.runId);
    const end = await runOne(order, around, signal);
    board.endRun();
    if (!stopping.signal.aborted) await parts.attaches.note(attach, 'served');
    showEnd(order, end);
    requests.onEnded(order, end);
    look();
  };

  const showEnd = (
    { drive, trigger, attach: { diskseq } }: RunOrder,
    { failure, drive: disk, result }: RunEnd,
  ): void => {
    const words = failure ? `${failure.happened} ${failure.todo}` : null;
    if (disk === 'open') void watchOverOpen(drive, diskseq, words);
    else if (isPluggedAnew(drive, diskseq))
      return; // what is to be shown of it is up to its next run
    else if (disk === 'gone') board.set(drive, 'absent', words);
    else if (failure)
      board.set(
        drive,
        failure.exitCode === exitCodes.held ? 'held' : 'failed',
        `${words ?? ''} The disk is closed: safe to unplug.`,
      );
    else
      board.set(
        drive,
        'safe-to-unplug',
        result?.stampedAt === undefined ? 'Done with gaps: some files could not be copied.' : null,
      );
    const attach = board.find(drive);
    // Who asked for a run while a person looked was told so: only a plug is served later.
    if (attach) attach.code = failure?.code === 'EXB_BUSY' && trigger !== 'plug' ? undefined : failure?.code;
    publish();
  };

  const isPluggedAnew = (drive: string, diskseq: number): boolean =>
    (board.find(drive)?.volume.diskseq ?? diskseq) !== diskseq;

  /** A disk that could not be closed is tried again until it can. */
  const watchOverOpen = async (drive: string, diskseq: number, words: string | null): Promise<void> => {
    board.set(drive, 'do-not-unplug', words);
    closing.get(drive)?.abort();
    const given = new AbortController();
    closing.set(drive, given);
    const onTrouble = warn('The disk could not be looked at; DO NOT UNPLUG it');
    if (
      !(await releaseUntilClosed(
        { tryToClose: () => tryToClose(drive), onTrouble },
        releaseAgainMs,
        AbortSignal.any([stopping.signal, given.signal]),
      ))
    )
      return;
    if (isPluggedAnew(drive, diskseq)) board.set(drive, 'new');
    else if (board.find(drive) !== undefined) {
      board.set(drive, 'failed', 'The disk is closed now: safe to unplug.');
      bus.emit('drive:safe-to-unplug', { drive });
    }
    look();
  };

  const tryToClose = async (drive: string): Promise<boolean> => {
    const lock = await lockFile(deviceLock);
    if (!lock) return false; // a run, or a command, has opened disks: they are not to be closed under it
    try {
      if ((await readOpenedByPerson(paths))?.label === drive) return false; // a person has it open, and closes it
      const { left } = await releaseAll(start, { only: mappingName(drive) }, closePatienceMs);
      const disk = board.find(drive)?.volume.disk;
      return left.length === 0 && (disk === undefined || (await holdsOf(disk, mappingName(drive))).length === 0);
    } finally {
      await lock.release();
    }
  };

  const queue = createRunQueue(carryOut, (order, reason) => {
    board.set(order.drive, 'idle', messageOf(reason));
    requests.onDropped(order.runId, reason);
    publish();
  });

  const volumes = parts.sight?.findVolumes ?? (() => findVolumes(start));

  const around = {
    bus,
    registry,
    deviceLock,
    board,
    queue,
    attaches: parts.attaches,
    bootId: parts.bootId,
    loadConfig: () => parts.loadConfig(),
    machineFor: (config: Config, record: DriveRecord) => parts.machineFor(config, record),
    findVolumes: volumes,
    rekeyAdvice: (luksUuid: string) => rekeyAdvice(paths, luksUuid),
    holdsOf,
    health: {
      ioErrors: readIoErrors,
      canAsk: hasSmartctl,
      smart: (disk: string) => askSmartByUnit(start, paths.run, disk),
    },
    keyIsLoaded,
    onPhase: (phase: string) => {
      board.setPhase(phase);
      publish();
    },
    onProgress: (progress: Parameters<AttachBoard['setProgress']>[0]) => {
      board.setProgress(progress);
      publish();
    },
    record: async (record: Parameters<RunLog['append']>[0]) => {
      const warning = await parts.runs.append(record);
      if (warning !== undefined)
        bus.emit('warning:raised', { reason: warning, todo: 'Check the space on this machine: df /var/lib/extbackup' });
    },
    othersAtWork: async () => {
      if (queue.current !== undefined) return false; // then the lock is ours
      const lock = await lockFile(deviceLock);
      await lock?.release();
      return lock === undefined;
    },
    lookOfPerson: () => readOpenedByPerson(paths),
    lookAgain: (afterMs = lookAgainMs) => {
      clearTimeout(again);
      again = setTimeout(look, afterMs);
    },
  };

  const look = coalesce(
    async () => {
      if (stopping.signal.aborted) return;
      if ((await readOpenedByPerson(paths)) === undefined) board.retry('EXB_BUSY'); // who looked has closed the disk
      await lookAround(around);
      lookTrouble = undefined;
      publish();
    },
    (error) => {
      publish();
      const ofRegistry = error instanceof ExtbackupError && error.code === 'EXB_LEDGER'; // told by the registry's own watch
      if (!ofRegistry && lookTrouble !== messageOf(error)) warn('The plugged disks could not be looked up')(error);
      lookTrouble = messageOf(error);
      around.lookAgain(ofRegistry ? registryAgainMs : lookAgainMs);
    },
  );

  const presentDrives = async () => {
    const enrolled = await registry.list();
    const found = await volumes();
    const present = enrolled
      .filter(({ state }) => state === 'active')
      .flatMap((record) => {
        const volume = found.find(({ luksUuid }) => luksUuid === record.luksUuid);
        if (volume === undefined) return [];
        const refused = twinTrouble(record.label, volume, found, { attaches: parts.attaches });
        return [{ record, diskseq: volume.diskseq, ...(refused && { refused }) }];
      });
    return { enrolled, present };
  };

  const release = async (): Promise<string> => {
    if (queue.current)
      throw new BusyError(`A run for disk ${queue.current.drive} is going on.`, 'Wait for its end, or cancel it.');
    const lock = await lockFile(deviceLock, lookPatienceMs);
    if (!lock)
      throw new BusyError(
        'Another command is at work with a disk; nothing was closed.',
        'Wait for its end, then again: extbackup release',
      );
    const closed = await releaseDisks(start).finally(() => lock.release());
    look();
    return closed.length === 0 ? 'Nothing was open. Safe to unplug.' : `Closed: ${closed.join(', ')}. Safe to unplug.`;
  };

  const requests = createRequests({
    queue,
    replies: parts.replies,
    loadConfig: () => parts.loadConfig(),
    keyIsLoaded,
    look: presentDrives,
    release,
    onQueued: ({ drive, runId, trigger }) => {
      board.set(drive, 'queued');
      bus.emit('run:queued', { runId, drive, trigger });
      publish();
    },
  });

  const keyChanged = coalesce(async () => {
    const loaded = await keyIsLoaded();
    if (loaded && !keyWasLoaded) bus.emit('key:loaded', {});
    keyWasLoaded = loaded;
    if (loaded) board.retry('EXB_KEY_REJECTED'); // another key, another try
    look();
  }, warn('The key could not be looked up'));

  return {
    board,
    look,
    keyChanged,
    keyIsLoaded,
    request: (request) => void requests.take(request),
    idle: () => queue.idle(),
    stop: async () => {
      stopping.abort();
      clearTimeout(again);
      await queue.stop(
        new CancelledError(
          'The agent was stopped during the run.',
          'The run starts again with the agent: systemctl start extbackup',
        ),
      );
    },
  };
}
