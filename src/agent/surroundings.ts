import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import type { MeasureUse } from '../disk/measure.ts';
import { holdsOf } from '../disk/holds.ts';
import { readIoErrors } from '../disk/io-errors.ts';
import { askSmartByUnit, hasSmartctl } from '../disk/smart.ts';
import { findVolumes, type Volume } from '../disk/volumes.ts';
import { rekeyAdvice } from '../keys/previous-keys.ts';
import { openedByPersonRefusal, readOpenedByPerson } from '../opening/opened-by-person.ts';
import type { Machine } from '../pipeline/machine.ts';
import { messageOf } from '../errors.ts';
import { noteCutOff } from './cut-off-run.ts';
import { forgetBegun, noteBegun } from '../records/begun-run.ts';
import type { AttachMemory } from '../records/attach-memory.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { RunLog } from '../records/run-log.ts';
import { readPause } from '../records/pause.ts';
import type { RunQueue } from '../run/run-queue.ts';
import type { RunSurroundings } from '../run/run-surroundings.ts';
import type { StartProgram } from '../system/command.ts';
import { lockFile } from '../system/file-lock.ts';
import { readOomKills } from '../system/memory-events.ts';
import { files, type Paths } from '../system/paths.ts';
import type { AttachBoard } from './attach-board.ts';
import type { AttachSurroundings } from './attach-surroundings.ts';
import { createKeyLookup } from './key-lookup.ts';
import { watchPause } from './pause-watch.ts';
import type { Replies } from './replies.ts';

/** What the agent gives its supervisor. */
export interface SupervisorParts {
  readonly bus: Bus;
  readonly start: StartProgram;
  readonly paths: Paths;
  readonly bootId: string;
  readonly registry: DriveRegistry;
  readonly runs: RunLog;
  readonly attaches: AttachMemory;
  readonly replies: Replies;
  readonly loadConfig: () => Promise<Config>;
  machineFor(config: Config, record: DriveRecord): Machine;
  /** Whether a server answers that the last run of this disk did not reach. */
  serverAnswers(config: Config, record: DriveRecord, signal: AbortSignal): Promise<boolean>;
  /** Called after every change of what `status` shows. */
  readonly publish: () => void;
  /** Replaces the kernel's list of a disk's users. */
  readonly measure?: MeasureUse;
  /** In place of what the station sees of the machine by itself. */
  readonly sight?: Sight;
}

/** What is plugged in, and whether it can be opened. */
export interface Sight {
  readonly findVolumes: () => Promise<readonly Volume[]>;
  readonly keyIsLoaded: () => Promise<boolean>;
}

/** What the supervisor itself adds. */
export interface SupervisorState {
  readonly board: AttachBoard;
  readonly queue: RunQueue;
  /** Looks again after a while. */
  readonly refreshLater: (afterMs?: number) => void;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

const lockPatienceMs = 500;

/** What a run, and a look at what is plugged in, need of the agent. */
export type Surroundings = RunSurroundings & AttachSurroundings;

/** The machine as the agent sees it, unless a test shows it another one. */
export function sightOf({ sight, paths, bus, start, loadConfig }: SupervisorParts): Sight {
  if (sight) return sight;
  const warn = (reason: string, todo: string): void => {
    bus.emit('warning:raised', { reason, todo });
  };
  return { findVolumes: () => findVolumes(start), keyIsLoaded: createKeyLookup({ paths, loadConfig, warn }) };
}

/** Puts together what runs and looks work with. */
export function surroundingsOf(parts: SupervisorParts, sight: Sight, state: SupervisorState): Surroundings {
  const { bus, start, paths, registry, attaches, bootId, publish } = parts;
  const { board, queue, refreshLater } = state;
  const deviceLock = files.deviceLock(paths);
  let runLogFailed = false;
  return {
    ...sight,
    ...{ bus, registry, deviceLock, board, queue, attaches, bootId, holdsOf, refreshLater },
    loadConfig: () => parts.loadConfig(),
    machineFor: (config, record) => parts.machineFor(config, record),
    pause: watchPause(bus, () => readPause(paths)),
    rekeyAdvice: (luksUuid) => rekeyAdvice(paths, luksUuid),
    health: {
      ioErrors: readIoErrors,
      canAsk: hasSmartctl,
      smart: (disk) => askSmartByUnit(start, paths.run, disk),
    },
    openedByPerson: () => readOpenedByPerson(paths),
    oomKills: () => readOomKills(),
    onPhase: (phase) => {
      board.setPhase(phase);
      publish();
    },
    onProgress: (progress) => {
      board.setProgress(progress);
      publish();
    },
    begun: async ({ runId: id, drive, attach, trigger }, startedAt) => {
      const { luksUuid, diskseq } = attach;
      const run = { id, drive, luksUuid, diskseq, trigger, startedAt: startedAt.toISOString(), bootId };
      await noteBegun(files.begunRun(paths), run).catch((error: unknown) => {
        const reason = `The beginning of the run could not be written down: ${messageOf(error)}`;
        bus.emit('warning:raised', { reason, todo: 'Check the space on this machine: df /var/lib/extbackup' });
      });
    },
    foundCutOff: (drive, begun) => noteCutOff(parts.runs, drive, begun),
    record: async (record) => {
      const warning = await parts.runs.append(record);
      const todo = 'Check the space on this machine: df /var/lib/extbackup';
      if (warning !== undefined) bus.emit('warning:raised', { reason: warning, todo, topic: 'run log' });
      else if (runLogFailed) bus.emit('warning:settled', { topic: 'run log' });
      runLogFailed = warning !== undefined;
    },
    told: async () => {
      await forgetBegun(files.begunRun(paths)).catch(() => undefined); // at worst the run is told twice
    },
    ...lookouts(parts, state),
  };
}

/** @param patienceMs two measurements of the agent may meet */
/** Whether somebody holds a lock; takes it for a moment to find out. */
export async function isTaken(file: string, patienceMs?: number): Promise<boolean> {
  const lock = await lockFile(file, patienceMs);
  await lock?.release();
  return lock === undefined;
}

/** What a disk has to wait for. */
function lookouts(parts: SupervisorParts, { board, queue, stopping }: SupervisorState) {
  const { paths, registry } = parts;
  const deviceLock = files.deviceLock(paths);
  return {
    othersAtWork: () => (queue.current === undefined ? isTaken(deviceLock) : Promise.resolve(false)), // else the lock is ours
    inTheWay: async (): Promise<string | undefined> => {
      if (board.run !== null) return undefined; // a run has begun: whoever comes next waits for its turn
      const opened = await readOpenedByPerson(paths);
      if (opened) return openedByPersonRefusal(opened).message;
      return (await isTaken(deviceLock, lockPatienceMs)) ? 'Another extbackup command uses the disks.' : undefined;
    },
    serverAnswers: async (drive: string): Promise<boolean> => {
      try {
        const record = (await registry.list()).find(({ label }) => label === drive);
        return record === undefined || (await parts.serverAnswers(await parts.loadConfig(), record, stopping));
      } catch {
        return true; // the run finds words for it
      }
    },
  };
}
