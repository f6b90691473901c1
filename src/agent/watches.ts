import type { Bus } from '../bus/bus.ts';
import { weeklyChecks } from '../doctor/weekly-checks.ts';
import { mountSetting } from '../config/mount-setting.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import type { Config } from '../config/schema.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { Status } from '../protocol/status.ts';
import type { RunLog } from '../records/run-log.ts';
import { openRotationMemory } from '../records/rotation-memory.ts';
import type { StartProgram } from '../system/command.ts';
import { coalesce } from '../system/coalesce.ts';
import { files, type Paths } from '../system/paths.ts';
import { watchClock } from './clock-watch.ts';
import { createApprovalWatch } from './approval-watch.ts';
import { createForgottenWatch } from './forgotten-watch.ts';
import { createReportWatch } from './report-watch.ts';
import { createOpenWatch } from './open-watch.ts';
import { createSaltWatch } from './salt-watch.ts';
import { createStationWatch } from './station-watch.ts';
import { createMovedWatch } from './moved-watch.ts';
import { checkOverdue } from './overdue-watch.ts';

const overdueEveryMs = 3_600_000;
const reportEveryMs = 600_000;
const forgottenEveryMs = 60_000;
const openEveryMs = 3_000;

/** The parts that the watches use. */
export interface WatchParts {
  readonly bus: Bus;
  readonly paths: Paths;
  readonly start: StartProgram;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  readonly status: () => Status | undefined;
  readonly runs: Pick<RunLog, 'list'>;
  readonly present: () => ReadonlySet<string>;
  /** The disk of the present run. */
  readonly running: () => string | undefined;
  /** Called when a disk was opened or closed without the agent, and when ages may have changed. */
  readonly publish: () => void;
  readonly loadConfig: () => Promise<Config>;
  readonly onError: (error: unknown) => void;
}

/** The watches; they run as long as the agent. */
export interface Watches {
  /** A command has opened, closed, approved or enrolled something. */
  readonly onDrives: () => void;
  /** udev has reported a change. */
  readonly onVolumes: () => void;
  readonly stop: () => void;
}

/** Reports matters that need repeated checks: overdue disks, disks left open by a person, approvals. */
export function startWatches(parts: WatchParts): Watches {
  const { bus, paths, start, drives, present, running, publish, loadConfig, onError } = parts;
  const now = (): Date => new Date();
  const approvals = coalesce(createApprovalWatch({ bus, drives }), onError);
  const memory = openRotationMemory(files.rotation(paths), onError);
  const rotation = () => rotationSetting(loadConfig);
  const overdue = coalesce(() => checkOverdue({ bus, memory, now, drives, present, rotation }).then(publish), onError);
  const moved = coalesce(createMovedWatch({ bus, drives, rotation }), onError);
  const salt = coalesce(createSaltWatch(bus, paths, now), onError);
  const station = coalesce(createStationWatch({ bus, paths, start, loadConfig, now, checks: weeklyChecks }), onError);
  const report = coalesce(createReportWatch({ ...parts, now }), onError);
  const nextReminder = createForgottenWatch({
    bus,
    now,
    openedByPerson: () => readOpenedByPerson(paths),
    setting: () => mountSetting(loadConfig),
  });
  const forgotten = lookAgain(async () => {
    const inMs = await nextReminder();
    return inMs !== undefined && inMs < forgottenEveryMs ? inMs + 1 : undefined;
  }, onError);
  const whatIsOpen = createOpenWatch({ bus, paths, drives, running });
  // A close by a foreign program sends no event.
  const opened = lookAgain(async () => ((await whatIsOpen()) ? openEveryMs : undefined), onError);
  const forget = [bus.on('drive:opened', publish), bus.on('drive:closed', publish), bus.on('run:succeeded', moved)];
  approvals();
  opened.look();
  salt();
  station();
  moved();
  const stopClock = watchClock({ bus, paths, start, loadConfig, onError, onAges: overdue });
  const timers = [
    setInterval(overdue, overdueEveryMs),
    setInterval(salt, overdueEveryMs),
    setInterval(moved, overdueEveryMs),
    setInterval(station, overdueEveryMs),
    setInterval(report, reportEveryMs),
    setInterval(forgotten.look, forgottenEveryMs),
    setInterval(opened.look, forgottenEveryMs),
  ];
  return {
    onDrives: () => {
      approvals();
      moved();
      forgotten.look();
      opened.look();
    },
    onVolumes: opened.look,
    stop: () => {
      stopClock();
      for (const timer of timers) clearInterval(timer);
      forgotten.stop();
      opened.stop();
      for (const off of forget) off();
    },
  };
}

/** A look that repeats itself after as many milliseconds as it returns; undefined: not by itself. */
function lookAgain(
  work: () => Promise<number | undefined>,
  onError: (error: unknown) => void,
): { readonly look: () => void; readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const look = coalesce(async () => {
    const inMs = await work();
    clearTimeout(timer);
    if (inMs !== undefined) timer = setTimeout(look, inMs).unref();
  }, onError);
  return {
    look,
    stop: () => {
      clearTimeout(timer);
    },
  };
}
