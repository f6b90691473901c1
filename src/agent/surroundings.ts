import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import type { MeasureUse } from '../disk/measure.ts';
import { holdsOf } from '../disk/holds.ts';
import { readIoErrors } from '../disk/io-errors.ts';
import { askSmartByUnit, hasSmartctl } from '../disk/smart.ts';
import type { LookUpVolumes } from '../disk/volume-lookup.ts';
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
import { isLocked } from '../system/file-lock.ts';
import { readOomKills } from '../system/memory-events.ts';
import { files, type Paths } from '../system/paths.ts';
import { noteUnrecorded } from '../records/unrecorded-runs.ts';
import { adviceForRecords } from '../records/unwritable.ts';
import { pause } from '../system/pause.ts';
import type { AttachBoard } from './attach-board.ts';
import type { AttachSurroundings } from './attach-surroundings.ts';
import { createKeyLookup } from './key-lookup.ts';
import { watchPause } from './pause-watch.ts';
import { createParking } from './parking.ts';
import type { Replies } from './replies.ts';

/** The parts of the agent that its supervisor uses. */
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
  /** Whether a server that the last run of this disk did not reach answers now. */
  serverAnswers(config: Config, record: DriveRecord, signal: AbortSignal): Promise<boolean>;
  readonly findVolumes: LookUpVolumes;
  /** Called after every change of the status. */
  readonly publish: () => void;
  /** Replaces the kernel's list of a disk's users. */
  readonly measure?: MeasureUse;
  /** Replaces the agent's own view of the machine, for tests. */
  readonly sight?: Sight;
}

/** The plugged disks, and whether the key is loaded. */
export interface Sight {
  readonly findVolumes: LookUpVolumes;
  readonly keyIsLoaded: () => Promise<boolean>;
}

/** The supervisor's own parts. */
export interface SupervisorState {
  readonly board: AttachBoard;
  readonly queue: RunQueue;
  /** Schedules another refresh. */
  readonly refreshLater: (afterMs?: number) => void;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

const lockPatienceMs = 500;
const lookAgainMs = 100;

/** The parts of the agent that a run and a refresh use. */
export type Surroundings = RunSurroundings & AttachSurroundings;

/** The agent's view of the machine, unless a test replaces it. */
export function sightOf({ sight, paths, bus, findVolumes, loadConfig }: SupervisorParts): Sight {
  if (sight) return sight;
  const warn = (reason: string, todo: string): void => {
    bus.emit('warning:raised', { about: 'key', reason, todo });
  };
  return { findVolumes, keyIsLoaded: createKeyLookup({ paths, loadConfig, warn }) };
}

/** Assembles the parts for runs and refreshes. */
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
    parking: createParking(parts, board),
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
        const reason = `The start of the run could not be recorded: ${messageOf(error)}`;
        bus.emit('warning:raised', {
          about: 'records',
          reason,
          todo: adviceForRecords(error),
        });
      });
    },
    keepUnrecorded: (before, after) =>
      noteUnrecorded(files.unrecordedRuns(paths), before, after).catch(() => undefined), // only this agent remembers it
    foundCutOff: (drive, begun) => noteCutOff(parts.runs, drive, begun),
    record: async (record) => {
      const warning = await parts.runs.append(record);
      if (warning !== undefined)
        bus.emit('warning:raised', {
          ...{ about: 'records', topic: 'run log' },
          ...{ reason: warning.happened, todo: warning.todo },
        });
      else if (runLogFailed) bus.emit('warning:settled', { topic: 'run log' });
      runLogFailed = warning !== undefined;
    },
    told: async () => {
      await forgetBegun(files.begunRun(paths)).catch(() => undefined); // at worst the run is reported twice
    },
    ...lookouts(parts, state),
  };
}

/** Whether a lock stays taken for `patienceMs`: a command may take it for a moment. */
export async function isTaken(file: string, patienceMs = 0): Promise<boolean> {
  const until = performance.now() + patienceMs;
  while (await isLocked(file)) {
    if (performance.now() >= until) return true;
    await pause(lookAgainMs, new AbortController().signal);
  }
  return false;
}

/** The checks for reasons to wait. */
function lookouts(parts: SupervisorParts, { board, queue, stopping }: SupervisorState) {
  const { paths, registry } = parts;
  const deviceLock = files.deviceLock(paths);
  return {
    othersAtWork: () => (queue.current === undefined ? isTaken(deviceLock) : Promise.resolve(false)), // during a run the agent has the lock
    inTheWay: async (): Promise<string | undefined> => {
      if (board.run !== null) return undefined; // a run has begun: other disks wait for their turn
      const opened = await readOpenedByPerson(paths);
      if (opened) return openedByPersonRefusal(opened).message;
      return (await isTaken(deviceLock, lockPatienceMs)) ? 'Another extbackup command uses the disks.' : undefined;
    },
    serverAnswers: async (drive: string): Promise<boolean> => {
      try {
        const record = (await registry.list()).find(({ label }) => label === drive);
        return record === undefined || (await parts.serverAnswers(await parts.loadConfig(), record, stopping));
      } catch {
        return true; // the run reports the error
      }
    },
  };
}
