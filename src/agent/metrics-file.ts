import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import { messageOf } from '../errors.ts';
import { renderMetrics } from '../monitoring/metrics.ts';
import type { Status } from '../protocol/status.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { RunLog } from '../records/run-log.ts';
import type { RunRecord } from '../records/run-record.ts';
import { coalesce } from '../system/coalesce.ts';
import { replaceFile } from '../system/new-file.ts';

/** The sources of the metrics file. */
export interface MetricsFileParts {
  readonly bus: Bus;
  readonly runs: Pick<RunLog, 'list'>;
  readonly version: string;
  /** The enrolled disks. */
  readonly drives: () => Promise<readonly DriveRecord[]>;
  /** Whether a time server confirms the clock; undefined if unknown. */
  readonly askClock: () => Promise<boolean | undefined>;
  readonly loadConfig: () => Promise<Config>;
  readonly onError: (error: unknown) => void;
}

/** Readable by everybody: the collector is not root. */
const readableByAll = 0o644;

/**
 * Keeps the file of the setting `metrics.textfile`, for the textfile collector of Prometheus' node exporter.
 * @returns a function for each new status; it writes when anything but the progress of a run has changed
 */
export function createMetricsFile(parts: MetricsFileParts): (status: Status) => void {
  const { bus, loadConfig } = parts;
  let status: Status | undefined;
  let written = '';
  let failed = false;
  const clock = onceAnHour(parts.askClock);
  const write = async (): Promise<void> => {
    const config = await loadConfig().catch(() => undefined); // reported elsewhere
    const file = config?.metrics.textfile;
    if (status === undefined || file === undefined) return;
    const present = whatCounts(file, status);
    if (present === written) return;
    const rotation = await rotationSetting(() => Promise.resolve(config as Config));
    const lastRuns = lastOfEach(await parts.runs.list());
    try {
      const [records, clockIsSynchronised] = [await parts.drives(), await clock()];
      const text = renderMetrics({ status, rotation, lastRuns, records, clockIsSynchronised, version: parts.version });
      await replaceFile(file, text, readableByAll);
      written = present;
      if (failed) bus.emit('warning:settled', { topic: 'metrics' });
      failed = false;
    } catch (error) {
      if (!failed) bus.emit('warning:raised', { about: 'metrics', ...describeFailure(file, error), topic: 'metrics' });
      failed = true;
    }
  };
  const soon = coalesce(write, parts.onError);
  return (next) => {
    status = next;
    soon();
  };
}

/** The status without the progress of the run, which is in no metric; with the hour, so that ages stay accurate. */
function whatCounts(file: string, { agent, key, drives, rotation, warnings, run, updatedAt }: Status): string {
  const copies = [rotation.offlineCopy?.at, rotation.overdue, rotation.next];
  return JSON.stringify([file, agent, key, drives, copies, warnings.length, run?.id, updatedAt.slice(0, 13)]);
}

/** The question may start a service, so it is asked seldom. */
function onceAnHour<T>(ask: () => Promise<T>): () => Promise<T> {
  let [answer, askedAt]: [T | undefined, number] = [undefined, -Infinity];
  return async () => {
    const now = performance.now();
    if (now - askedAt < 3_540_000) return answer as T;
    answer = await ask();
    askedAt = now;
    return answer;
  };
}

function describeFailure(file: string, error: unknown): { reason: string; todo: string } {
  const directory = file.slice(0, file.lastIndexOf('/'));
  const isReadOnly = (error as NodeJS.ErrnoException).code === 'EROFS';
  return {
    reason: `The metrics could not be written to ${file}: ${messageOf(error)}`,
    todo: isReadOnly
      ? `Let the agent write there: systemctl edit extbackup, with the lines [Service] and ReadWritePaths=${directory}`
      : `Check metrics.textfile in the settings, and the directory: ls -ld ${directory}`,
  };
}

function lastOfEach(runs: readonly RunRecord[]): RunRecord[] {
  return [...new Map(runs.map((run) => [run.drive, run])).values()];
}
