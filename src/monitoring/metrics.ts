/** The state as metrics for the textfile collector of Prometheus' node exporter; see its text exposition format 0.0.4. */
import { cadenceOf, type RotationSetting } from '../config/rotation-setting.ts';
import { driveStates, type Status } from '../protocol/status.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { RunRecord } from '../records/run-record.ts';
import { flag, gauge, unixTime, type Metric, type Sample } from './gauge.ts';
import { ofRuns, ofSources } from './run-metrics.ts';
import { ofSets } from './set-metrics.ts';

/** The sources of the metrics. */
export interface MetricsSources {
  readonly status: Status;
  readonly rotation: RotationSetting;
  /** The last run of each disk. */
  readonly lastRuns: readonly RunRecord[];
  /** The enrolled disks. */
  readonly records: readonly DriveRecord[];
  /** Whether a time server confirms the clock; undefined if unknown. */
  readonly clockIsSynchronised: boolean | undefined;
  readonly version: string;
}

/** All metrics. Names end in the base unit and never change their meaning; no file name, no secret. */
export function renderMetrics(sources: MetricsSources): string {
  return [
    ...ofStation(sources),
    ...ofDrives(sources),
    ...ofRecords(sources),
    ...ofSources(sources),
    ...ofSets(sources.status),
    ...ofRuns(sources.lastRuns),
  ]
    .filter(({ samples }) => samples.length > 0)
    .map(renderMetric)
    .join('');
}

function ofStation({ status, rotation, version, clockIsSynchronised }: MetricsSources): Metric[] {
  const { offlineCopy, overdue } = status.rotation;
  return [
    gauge('info', 'Version of extbackup; the value is always 1.', [{ labels: { version }, value: 1 }]),
    gauge('agent_running', '1 while the agent runs.', [{ value: flag(status.agent === 'running') }]),
    gauge('key_loaded', '1 while the key is in RAM.', [{ value: flag(status.key === 'loaded') }]),
    gauge('status_timestamp_seconds', 'Time of this state.', [{ value: unixTime(status.updatedAt) }]),
    gauge('warnings', 'Warnings that status shows.', [{ value: status.warnings.length }]),
    gauge(
      'offline_copy_timestamp_seconds',
      'Time of the freshest backup on a disk that is not plugged in.',
      offlineCopy === null ? [] : [{ labels: { drive: offlineCopy.drive }, value: unixTime(offlineCopy.at) }],
    ),
    gauge('offline_copy_max_age_seconds', 'Setting rotation.offline.', [{ value: rotation.offline / 1000 }]),
    gauge(
      'clock_synchronized',
      '1 while a time server confirms the clock.',
      clockIsSynchronised === undefined ? [] : [{ value: flag(clockIsSynchronised) }],
    ),
    gauge(
      'drill_max_age_seconds',
      'Setting drill.every.',
      status.drill.everySeconds === null ? [] : [{ value: status.drill.everySeconds }],
    ),
    gauge('drill_overdue', '1 while the last restored sample is too old.', [{ value: flag(status.drill.overdue) }]),
    gauge('rotation_overdue', '1 while even the freshest offline copy is too old.', [{ value: flag(overdue) }]),
  ];
}

function ofDrives({
  status: {
    drives,
    rotation: { next, sets },
  },
  rotation,
}: MetricsSources): Metric[] {
  const each = (value: (drive: (typeof drives)[number]) => number | undefined): Sample[] =>
    drives.flatMap((drive) => {
      const found = value(drive);
      return found === undefined ? [] : [{ labels: { drive: drive.label }, value: found }];
    });
  return [
    gauge(
      'drive_present',
      '1 while the disk is plugged in.',
      each(({ present }) => flag(present)),
    ),
    gauge(
      'drive_state',
      'State of the disk: 1 for the present one.',
      drives.flatMap(({ label, state }) =>
        driveStates.map((name) => ({ labels: { drive: label, state: name }, value: flag(state === name) })),
      ),
    ),
    gauge(
      'drive_last_success_timestamp_seconds',
      'Time of the last complete backup; of an earlier one if a clock that was ahead dated it.',
      each(({ lastSuccess, copyFrom = lastSuccess }) => (copyFrom === null ? undefined : unixTime(copyFrom))),
    ),
    gauge(
      'drive_max_age_seconds',
      'Setting rotation.every.',
      each(({ label }) => cadenceOf(rotation, label) / 1000),
    ),
    gauge(
      'drive_overdue',
      '1 while the last complete backup is too old.',
      each(({ overdue }) => flag(overdue)),
    ),
    gauge(
      'drive_next',
      '1 for the disk to bring next.',
      each(({ label }) => flag((sets?.map((set) => set.next) ?? [next]).includes(label))),
    ),
    gauge(
      'drive_last_drill_timestamp_seconds',
      'Time of the last sample that was restored from the disk and found right.',
      each(({ drilledAt }) => (drilledAt === null ? undefined : unixTime(drilledAt))),
    ),
    gauge(
      'drive_health_remarks',
      'Remarks about the health of the disk.',
      each(({ health }) => health.length),
    ),
  ];
}

/** From the list of disks; retired and lost ones are left out. */
function ofRecords({ records }: MetricsSources): Metric[] {
  const active = records.filter(({ state }) => state === 'active');
  const each = (value: (record: DriveRecord) => number | null | undefined): Sample[] =>
    active.flatMap((record) => {
      const found = value(record) ?? undefined;
      return found === undefined ? [] : [{ labels: { drive: record.label }, value: found }];
    });
  const inodesOf = ({ rooms }: DriveRecord) => (rooms?.at(-1)?.inodes === 0 ? undefined : rooms?.at(-1));
  return [
    gauge(
      'drive_held',
      '1 while a run to the disk waits for an answer.',
      each(({ hold }) => flag(hold?.approved === null)),
    ),
    gauge(
      'drive_size_bytes',
      'Size of the file system, after the last complete run.',
      each(({ rooms }) => rooms?.at(-1)?.bytes),
    ),
    gauge(
      'drive_free_bytes',
      'Free room on the disk, after the last complete run.',
      each(({ rooms }) => rooms?.at(-1)?.freeBytes),
    ),
    gauge(
      'drive_inodes',
      'Inodes of the file system, after the last complete run.',
      each((record) => inodesOf(record)?.inodes),
    ),
    gauge(
      'drive_free_inodes',
      'Free inodes on the disk, after the last complete run.',
      each((record) => inodesOf(record)?.freeInodes),
    ),
    gauge(
      'drive_last_read_back_timestamp_seconds',
      'Time when a part of the disk, or all, was last read back and compared.',
      each(({ health }) => (health?.checkedAt == null ? undefined : unixTime(health.checkedAt))),
    ),
    gauge(
      'drive_last_restore_timestamp_seconds',
      'Time when files were last restored from the disk.',
      each(({ restoredAt }) => (restoredAt === undefined ? undefined : unixTime(restoredAt))),
    ),
  ];
}

function renderMetric({ name, help, samples }: Metric): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const inside = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`);
    return `${name}${inside.length === 0 ? '' : `{${inside.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

const escape = (text: string): string => text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
