import type { DriveRecord } from '../records/drive-record.ts';
import { recentRunsOf, withRun } from '../guard/recent-runs.ts';
import type { SourceRecord } from '../records/source-record.ts';
import type { SourceResult } from '../pipeline/job.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { SourceRun } from '../records/run-record.ts';

/** After these errors the content on the disk is unknown. */
const lostDisk: readonly (string | undefined)[] = ['EXB_DISK_GONE', 'EXB_DISK_ERROR', 'EXB_NOT_RELEASED'];

/**
 * The registry's record of each source. A source that is no longer in the settings is dropped.
 * @param failure code of the run's failure
 * @param elsewhere sources of other sets: their copies on this disk are remembered
 */
export function sourcesAfterRun(
  { sources: before }: DriveRecord,
  results: readonly SourceResult[],
  failure: string | undefined,
  elsewhere: readonly string[] = [],
): Pick<DriveRecord, 'sources'> {
  const codes = results.flatMap(({ error }) => (error ? [error.code] : []));
  if (
    results.length > 0 &&
    (failure === undefined || (codes.length > 0 && ![failure, ...codes].some((code) => lostDisk.includes(code))))
  ) {
    const left = Object.entries(before ?? {}).filter(([name]) => elsewhere.includes(name));
    return {
      sources: Object.fromEntries([
        ...left,
        ...results.map((result) => [result.name, afterPull(before?.[result.name], result)] as const),
      ]),
    };
  }
  // The run was cut off: no source counts as complete, and each may have left unfinished files.
  if (before === undefined || ![...lostDisk, 'EXB_CANCELLED'].includes(failure)) return {};
  return {
    sources: Object.fromEntries(
      Object.entries(before).map(([name, record]) => [name, { ...record, lastError: failure ?? null }]),
    ),
  };
}

function afterPull(
  before: SourceRecord = { lastSuccess: null, lastError: null, filesTotal: 0, bytesTotal: 0 },
  { outcome, error, pulled, completeAt }: SourceResult,
): SourceRecord {
  if (outcome === 'skipped') return before;
  const lastError = error?.code ?? (completeAt ? null : 'EXB_GAPS');
  if (!completeAt || !pulled) return { ...before, lastError };
  const { filesTotal, bytesTotal } = pulled.figures;
  const recent = withRun(recentRunsOf(before), pulled.figures);
  return { ...before, lastError, filesTotal, bytesTotal, recent, lastSuccess: completeAt.toISOString() };
}

/** The same for the list of runs. */
export function sourcesOfRun(results: readonly SourceResult[]): Pick<RunRecord, 'sources'> {
  if (results.length === 0) return {};
  return {
    sources: results.map(({ name, outcome, error, pulled }): SourceRun => {
      const { figures } = pulled ?? {};
      return {
        name,
        outcome,
        code: error?.code ?? null,
        message: error?.message ?? '',
        filesTotal: figures?.filesTotal ?? null,
        filesTransferred: figures?.filesTransferred ?? null,
        filesDeleted: figures?.filesDeleted ?? null,
        bytesTotal: figures?.bytesTotal ?? null,
        bytesTransferred: figures?.bytesTransferred ?? null,
        bytesReceived: figures?.bytesReceived ?? null,
      };
    }),
  };
}
