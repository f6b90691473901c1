import type { Status } from '../protocol/status.ts';
import type { RunRecord, SourceRun } from '../records/run-record.ts';
import { flag, gauge, unixTime, type Metric, type Sample } from './gauge.ts';

/** Several sources: the last complete backup of each, and its part in the last run. */
export function ofSources({
  status: { drives },
  lastRuns,
}: {
  readonly status: Status;
  readonly lastRuns: readonly RunRecord[];
}): Metric[] {
  const samples = drives.flatMap(({ label, sources = [] }) =>
    sources.flatMap(({ name, lastSuccess }) =>
      lastSuccess === null ? [] : [{ labels: { drive: label, source: name }, value: unixTime(lastSuccess) }],
    ),
  );
  const each = (value: (run: SourceRun) => number | null): Sample[] =>
    lastRuns.flatMap(({ drive, sources = [] }) =>
      sources.flatMap((run) => {
        const found = value(run);
        return found === null ? [] : [{ labels: { drive, source: run.name }, value: found }];
      }),
    );
  const help = 'Time of the last complete backup of one of several sources.';
  return [
    gauge('source_last_success_timestamp_seconds', help, samples),
    gauge(
      'source_last_run_ok',
      '1 if the source was complete in the last run.',
      each(({ outcome }) => flag(outcome === 'success')),
    ),
    gauge(
      'source_last_run_files',
      'Files of the source in the last run.',
      each(({ filesTotal }) => filesTotal),
    ),
    gauge(
      'source_last_run_bytes',
      'Bytes of the source in the last run.',
      each(({ bytesTotal }) => bytesTotal),
    ),
    gauge(
      'source_last_run_received_bytes',
      'Bytes of the source that came over the link.',
      each(({ bytesReceived }) => bytesReceived),
    ),
  ];
}

/** The last run of each disk. */
export function ofRuns(lastRuns: readonly RunRecord[]): Metric[] {
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
      'last_run_verified_ratio',
      'Share of the files that was read back.',
      each(({ verified, filesTotal }) =>
        verified === null || filesTotal === null || filesTotal === 0 ? null : verified.files / filesTotal,
      ),
    ),
    gauge(
      'last_run_damaged_files',
      'Damaged files found.',
      each(({ verified }) => verified?.damaged ?? null),
    ),
  ];
}
