import type { RotationSetting } from '../config/rotation-setting.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { withUnrecorded } from '../records/unrecorded-runs.ts';
import { remarksOf } from '../records/disk-health.ts';
import { fullSoon } from '../records/room-forecast.ts';
import { sourcesOfDisk } from '../records/source-record.ts';
import { describeDrill } from '../records/drill-state.ts';
import { describePause } from '../records/pause.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { UsageError } from '../errors.ts';
import { placeOf } from '../keys/ram-directory.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { listBlockDevices, withDescendants, type BlockDevice } from '../disk/block-devices.ts';
import type { MeasureUse } from '../disk/measure.ts';
import { withMeasuredUse } from '../opening/open-words.ts';
import type { StartProgram } from '../system/command.ts';
import { parseJson } from '../system/parse-json.ts';
import { files, type Paths } from '../system/paths.ts';
import { readProcessStart } from '../system/process-start.ts';
import { copyFrom, describeRotation, planRotation } from '../records/rotation.ts';
import { readRotationMemory } from '../records/rotation-memory.ts';
import { placedAnew } from './placed-anew.ts';
import { statusSchema, type DriveStatus, type Status } from '../protocol/status.ts';

/** The inputs for reading the present state. */
export interface StatusSources {
  readonly paths: Paths;
  readonly start: StartProgram;
  /** Setting `rotation`. */
  readonly rotation: RotationSetting;
  /** Setting `drill.every` in milliseconds, for a station without a running agent. */
  readonly drillEvery: number | undefined;
  /** Replaces the kernel's answers, for tests. */
  readonly measure?: MeasureUse;
}

/**
 * The present state: from the agent if it runs, otherwise as far as it can be seen without it. Whether a disk is open
 * is measured now in both cases.
 * @throws UsageError when the user is not root
 */
export async function readStatus(sources: StatusSources, now: Date = new Date()): Promise<Status> {
  try {
    const told = (await readAgentStatus(sources.paths)) ?? (await statusWithoutAgent(sources, now));
    const placed = await placedAnew(sources.paths, told.drives, sources.rotation, now);
    const drives = await Promise.all(placed.map((drive) => measured(sources, told.agent, drive)));
    const status = { ...told, drives };
    const last = await readRotationMemory(files.rotation(sources.paths));
    return {
      ...status,
      rotation: describeRotation(status.drives, sources.rotation, last, now), // ages change with time
      drill: describeDrill(status.drives, sources.drillEvery, now),
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM')
      throw new UsageError(
        'Only root can read the state of the backups.',
        'Run it as root, for example: sudo extbackup status',
        error,
      );
    throw error;
  }
}

/** Without an agent, nobody uses a disk with a mapping, unless the measurement names a user. */
async function measured(
  { paths, measure }: StatusSources,
  agent: Status['agent'],
  drive: DriveStatus,
): Promise<DriveStatus> {
  if (agent === 'running' || drive.state !== 'do-not-unplug') return withMeasuredUse(paths, drive, measure);
  const known = await withMeasuredUse(paths, { ...drive, state: 'idle' }, measure);
  return known.state === 'idle' ? drive : known;
}

/** The status of a running agent; undefined when none runs, or when another version wrote it. */
export async function readAgentStatus(paths: Paths): Promise<Status | undefined> {
  const status = parseJson(statusSchema, await readIfThere(files.status(paths)).catch(unlessForbidden));
  if (status?.agent !== 'running') return undefined;
  return (await readProcessStart(status.pid)) === status.pidStartTime ? status : undefined;
}

/**
 * The status of a running agent, with the use of each disk measured now: a command may have opened one since the agent
 * wrote it. undefined when no agent runs.
 */
export async function readMeasuredStatus(paths: Paths, measure?: MeasureUse): Promise<Status | undefined> {
  const status = await readAgentStatus(paths);
  if (status === undefined) return undefined;
  return {
    ...status,
    drives: await Promise.all(status.drives.map((drive) => withMeasuredUse(paths, drive, measure))),
  };
}

/** An unreadable file counts as no agent; a missing permission is an error that asks for root. */
function unlessForbidden(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') throw error;
  return undefined;
}

/** The state while no agent runs. It never says "safe to unplug": only `extbackup release` can prove that. */
async function statusWithoutAgent(sources: StatusSources, now: Date): Promise<Omit<Status, 'rotation' | 'drill'>> {
  const { paths, start, rotation } = sources;
  const volumes = (await listBlockDevices(start))
    .flatMap((disk) => [...withDescendants(disk)])
    .filter(({ fstype }) => fstype === 'crypto_LUKS');
  const isHere = ({ luksUuid }: DriveRecord): boolean => volumes.some(({ uuid }) => uuid === luksUuid);
  const { drives: enrolled, trouble } = await withUnrecorded(
    createDriveRegistry(files.drives(paths)),
    files.unrecordedRuns(paths),
  ).read();
  const records = enrolled.filter((record) => record.state === 'active' || (record.state === 'lost' && isHere(record)));
  const places = planRotation(records, rotation, now, new Set(records.filter(isHere).map(({ label }) => label)));
  return {
    version: 1,
    agent: 'stopped',
    key: (await placeOf(files.luksKey(paths))) === 'ramfs' ? 'loaded' : 'missing',
    drives: records.map((record) => ({
      ...stateWithoutAgent(
        record,
        volumes.filter(({ uuid }) => uuid === record.luksUuid),
      ),
      label: record.label,
      luksUuid: record.luksUuid,
      enrolledAt: record.enrolledAt,
      lastSuccess: record.lastSuccess,
      ...copyFrom(record, now),
      drilledAt: record.drilledAt ?? null,
      health: [...remarksOf(record.health), ...fullSoon(record)],
      ...sourcesOfDisk(record),
      overdue: places.get(record.label)?.overdue ?? false,
      nextUp: places.get(record.label)?.nextUp ?? false,
    })),
    run: null,
    noticed: [],
    channels: [],
    warnings: trouble ? [{ at: now.toISOString(), text: `${trouble.happened} ${trouble.todo}` }] : [],
    paused: await describePause(paths, now),
    updatedAt: now.toISOString(),
    pid: 0,
    pidStartTime: '',
  };
}

function stateWithoutAgent(
  record: DriveRecord,
  volumes: readonly BlockDevice[],
): Pick<DriveStatus, 'present' | 'state' | 'message'> {
  const isCancelled = record.lastError === 'EXB_CANCELLED';
  const howItEnded = isCancelled ? 'The last run was cancelled.' : `The last run failed (${record.lastError ?? ''}).`;
  const message = record.lastError === null ? null : howItEnded;
  if (volumes.length === 0) return { present: false, state: 'absent', message };
  if (volumes.some(({ children }) => children.length > 0)) {
    return { present: true, state: 'do-not-unplug', message: 'It is open. Close it with: extbackup release' };
  }
  return { present: true, state: message === null || isCancelled ? 'idle' : 'failed', message };
}
