import type { Bus } from '../bus/bus.ts';
import { mountSetting } from '../config/mount-setting.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import type { Config } from '../config/schema.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { openRotationMemory } from '../records/rotation-memory.ts';
import { coalesce } from '../system/coalesce.ts';
import { files, type Paths } from '../system/paths.ts';
import { createApprovalWatch } from './approval-watch.ts';
import { createForgottenWatch } from './forgotten-watch.ts';
import { lookForOverdue } from './overdue-watch.ts';

const overdueEveryMs = 3_600_000;
const forgottenEveryMs = 60_000;

/** What the watches look at. */
export interface WatchParts {
  readonly bus: Bus;
  readonly paths: Paths;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  readonly present: () => ReadonlySet<string>;
  readonly loadConfig: () => Promise<Config>;
  readonly onError: (error: unknown) => void;
}

/** Watches that run as long as the agent. */
export interface Watches {
  /** A command has opened, closed, approved or enrolled something. */
  readonly onDrives: () => void;
  readonly stop: () => void;
}

/** Tells the operator what only time brings: overdue disks, disks left open by a person, approvals. */
export function startWatches({ bus, paths, drives, present, loadConfig, onError }: WatchParts): Watches {
  const now = (): Date => new Date();
  const approvals = coalesce(createApprovalWatch({ bus, drives }), onError);
  const memory = openRotationMemory(files.rotation(paths), onError);
  const rotation = () => rotationSetting(loadConfig);
  const overdue = coalesce(() => lookForOverdue({ bus, memory, now, drives, present, rotation }), onError);
  const nextReminder = createForgottenWatch({
    bus,
    now,
    openedByPerson: () => readOpenedByPerson(paths),
    setting: () => mountSetting(loadConfig),
  });
  let soon: NodeJS.Timeout | undefined;
  const forgotten = coalesce(async () => {
    const inMs = await nextReminder();
    clearTimeout(soon);
    if (inMs !== undefined && inMs < forgottenEveryMs) soon = setTimeout(forgotten, inMs + 1);
  }, onError);
  approvals();
  overdue();
  const timers = [setInterval(overdue, overdueEveryMs), setInterval(forgotten, forgottenEveryMs)];
  return {
    onDrives: () => {
      approvals();
      forgotten();
    },
    stop: () => {
      for (const timer of timers) clearInterval(timer);
      clearTimeout(soon);
    },
  };
}
