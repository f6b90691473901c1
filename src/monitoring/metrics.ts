/** The state as metrics for the textfile collector of Prometheus' node exporter; see its text exposition format 0.0.4. */
import { driveStates, type Status } from '../protocol/status.ts';
import type { RunRecord } from '../records/run-record.ts';
import { cadenceOf, type RotationSetting } from '../config/rotation-setting.ts';

/** The sources of the metrics. */
export interface MetricsSources {
  readonly status: Status;
  readonly rotation: RotationSetting;
  /** The last run of each disk. */
  readonly lastRuns: readonly RunRecord[];
  readonly version: string;
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** All metrics. Names end in the base unit and never change their meaning; no file name, no secret. */
export function renderMetrics(sources: MetricsSources): string {
  return [...ofStation(sources), ...ofDrives(sources), ...ofSources(sources), ...ofRuns(sources)]
    .filter(({ samples }) => samples.length > 0)
    .map(renderMetric)
    .join('');
}

function ofStation({ status, rotation, version }: MetricsSources): Metric[] {
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
    gauge('rotation_overdue', '1 while even the freshest offline copy is too old.', [{ value: flag(overdue) }]),
  ];
}

function ofDrives({
  status: {
    drives,
    rotation: { next },
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
      'Time of the last complete backup.',
      each(({ lastSuccess }) => (lastSuccess === null ? undefined : unixTime(lastSuccess))),
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
      each(({ label }) => flag(label === next)),
    ),
    gauge(
      'drive_health_remarks',
      'Remarks about the health of the disk.',
      each(({ health }) => health.length),
    ),
  ];
}

function ofSources({ status: { drives } }: MetricsSources): Metric[] {
  const samples = drives.flatMap(({ label, sources = [] }) =>
    sources.flatMap(({ name, lastSuccess }) =>
      lastSuccess === null ? [] : [{ labels: { drive: label, source: name }, value: unixTime(lastSuccess) }],
    ),
  );
  const help = 'Time of the last complete backup of one of several sources.';
  return [gauge('source_last_success_timestamp_seconds', help, samples)];
}

function ofRuns({ lastRuns }: MetricsSources): Metric[] {
  const each = (value: (run: RunRecord) => number | null): Sample[] =>
    lastRuns.flatMap((run) => {
      const found = value(run);
      return found === null ? [] : [{ labels: { drive: run.drive }, value: found }];
    });
  return [
    gauge(
      'last_run_timestamp_seconds',
      'End of the last run.',
      each(({ endedAt }) => unixTime(endedAt)),
    ),
    gauge(
      'last_run_exit_code',
      'How the last run ended: 0 is good.',
      each(({ exitCode }) => exitCode),
    ),
    gauge(
      'last_run_duration_seconds',
      'Duration of the last run.',
      each(({ tookMs }) => tookMs / 1000),
    ),
    gauge(
      'last_run_files',
      'Files of the source in the last run.',
      each(({ filesTotal }) => filesTotal),
    ),
    gauge(
      'last_run_bytes',
      'Bytes of the source in the last run.',
      each(({ bytesTotal }) => bytesTotal),
    ),
    gauge(
      'last_run_received_bytes',
      'Bytes that came over the link.',
      each(({ bytesReceived }) => bytesReceived),
    ),
    gauge(
      'last_run_verified_files',
      'Files read back.',
      each(({ verified }) => verified?.files ?? null),
    ),
    gauge(
      'last_run_damaged_files',
      'Damaged files found.',
      each(({ verified }) => verified?.damaged ?? null),
    ),
  ];
}

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name: `extbackup_${name}`,
  help,
  samples,
});

const flag = (is: boolean): number => (is ? 1 : 0);
const unixTime = (iso: string): number => Math.floor(Date.parse(iso) / 1000);

function renderMetric({ name, help, samples }: Metric): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const inside = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`);
    return `${name}${inside.length === 0 ? '' : `{${inside.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

const escape = (text: string): string => text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
