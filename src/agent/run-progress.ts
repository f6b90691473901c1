import type { OfSource, Progress } from '../bus/events.ts';
import type { RunStatus } from '../protocol/status.ts';
import type { RunForecast } from '../records/run-forecast.ts';

/** The figures of a phase that has just begun. */
export const noProgress = { percent: null, bytes: 0, expectedBytes: null, files: 0, checked: null, etaSeconds: null };

/** Nothing is done before its end, and a forecast is no measurement. */
const mostPercent = 99;
const mostForecast = 90;

/**
 * The run with its newest figures. Within one phase and source the percent never falls.
 * @param forecast tells what rsync does not know yet
 */
export function withProgress(run: RunStatus, progress: Progress & OfSource, forecast: RunForecast): RunStatus {
  const { bytes, files, source, percent, checked, totalBytes, etaSeconds } = progress;
  const isSame = source === run.source;
  const foreseen = run.phase === 'pulling' ? forecast.bytes.get(source ?? '') : undefined;
  const hoped =
    forecast.isFirst && foreseen !== undefined && foreseen > 0
      ? Math.min(mostForecast, Math.floor((100 * bytes) / foreseen))
      : null;
  const now = percent === undefined ? hoped : Math.min(mostPercent, percent);
  const before = isSame ? run.percent : null;
  return {
    ...run,
    ...(source !== undefined && { source }),
    bytes,
    files,
    percent: now === null ? before : Math.max(now, before ?? 0),
    expectedBytes: totalBytes ?? (foreseen !== undefined && bytes <= foreseen ? foreseen : null),
    checked: checked ?? (isSame ? run.checked : null),
    etaSeconds: etaSeconds ?? null,
  };
}
