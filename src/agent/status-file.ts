import { setTimeout as pause } from 'node:timers/promises';
import { drillEvery } from '../config/drill-setting.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import type { Config } from '../config/schema.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { describeDrill } from '../records/drill-state.ts';
import { describePause } from '../records/pause.ts';
import type { MeasureUse } from '../disk/measure.ts';
import { withMeasuredUse } from '../opening/open-words.ts';
import type { Paths } from '../system/paths.ts';
import { coalesce } from '../system/coalesce.ts';
import { readProcessStart } from '../system/process-start.ts';
import { describeRotation, planRotation } from '../records/rotation.ts';
import type { Status } from '../protocol/status.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import { readRotationMemory } from '../records/rotation-memory.ts';
import type { AttachBoard } from './attach-board.ts';
import type { Warnings } from './warnings.ts';

/** The sources of the status. */
export interface StatusParts {
  readonly paths: Paths;
  /** Replaces the kernel's answers, for tests. */
  readonly measure?: MeasureUse;
  readonly file: string;
  /** The agent's memory of the rotation. */
  readonly rotationMemory: string;
  readonly board: () => AttachBoard;
  /** The enrolled disks; empty while the registry cannot be read. */
  readonly drives: () => Promise<readonly DriveRecord[]>;
  readonly warnings: Warnings;
  /** Disks that are starting up. */
  readonly noticed?: () => readonly Status['noticed'][number][];
  /** The channels and their state. */
  readonly channels?: () => Status['channels'];
  loadConfig(): Promise<Config>;
  keyIsLoaded(): Promise<boolean>;
  /** Called with each new status, for the service manager. */
  onStatus(status: Status): void;
  readonly onError: (error: unknown) => void;
}

export interface StatusFile {
  /** Writes soon; many calls become one write. */
  readonly publish: () => void;
  /** Writes, and waits for the end of the first write, at most half a minute: from then on, commands find this agent. */
  publishFirst(): Promise<void>;
  /** Writes the last status: the agent has stopped. */
  writeStopped(): Promise<void>;
}

/** A disk that is slow to measure does not keep the service manager waiting. */
const longestFirstMs = 30_000;

/** Retired disks are left out; a lost disk appears only when it turns up. */
const isShown = ({ label, state }: DriveRecord, present: ReadonlySet<string>): boolean =>
  state === 'active' || (state === 'lost' && present.has(label));

/** Keeps `status.json` up to date. */
export function createStatusFile(parts: StatusParts): StatusFile {
  const compose = async (agent: Status['agent']): Promise<Status> => {
    const board = parts.board();
    const present = board.present();
    const records = (await parts.drives()).filter((record) => isShown(record, present));
    const setting = await rotationSetting(() => parts.loadConfig());
    const now = new Date();
    const believed = board.describe(records, planRotation(records, setting, now, present));
    const drives = await Promise.all(believed.map((drive) => withMeasuredUse(parts.paths, drive, parts.measure)));
    return {
      version: 1,
      rotation: describeRotation(drives, setting, await readRotationMemory(parts.rotationMemory), now),
      drill: describeDrill(records, await drillEvery(() => parts.loadConfig()), now),
      agent,
      key: (await parts.keyIsLoaded()) ? 'loaded' : 'missing',
      drives,
      run: board.run,
      noticed: [...(parts.noticed?.() ?? [])],
      warnings: [...parts.warnings.list()],
      channels: parts.channels?.() ?? [],
      paused: await describePause(parts.paths, now),
      updatedAt: now.toISOString(),
      pid: process.pid,
      pidStartTime: (await readProcessStart(process.pid)) ?? '',
    };
  };
  const write = async (agent: Status['agent']): Promise<void> => {
    const status = await compose(agent);
    await writeAtomically(parts.file, `${JSON.stringify(status)}\n`, false);
    parts.onStatus(status);
  };
  let ended: () => void;
  const first = new Promise<void>((resolve) => (ended = resolve));
  const publish = coalesce(
    () =>
      write('running')
        .catch(parts.onError)
        .finally(() => {
          ended();
        }),
    parts.onError,
  );
  return {
    publish,
    publishFirst: async () => {
      publish();
      await Promise.race([first, pause(longestFirstMs, undefined, { ref: false })]);
    },
    writeStopped: async () => {
      try {
        await write('stopped');
      } catch (error) {
        parts.onError(error);
      }
    },
  };
}
