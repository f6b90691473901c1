import type { RunLog } from './run-log.ts';
import type { RunRecord } from './run-record.ts';

/** What a run is expected to be like, from the complete runs before it. */
export interface RunForecast {
  /** Duration of the last complete run of this disk in milliseconds; null without one. */
  readonly lastTookMs: number | null;
  /** Whether it copies everything: no run of this disk was complete yet. */
  readonly isFirst: boolean;
  /** Bytes that it copies, by source; the only source has the name ''. A source without a comparable run is missing. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** A forecast without any run before. */
export const noForecast: RunForecast = { lastTookMs: null, isFirst: true, bytes: new Map() };

/** {@link forecastRun} from the run log; nothing is foreseen where it cannot be read. */
export async function readForecast(runs: Pick<RunLog, 'list'>, drive: string): Promise<RunForecast> {
  try {
    return forecastRun(drive, await runs.list());
  } catch {
    return noForecast;
  }
}

/**
 * A first copy copies what the newest complete run of any disk found in each source; a later run copies about as much as
 * the last one of this disk, unless that one was the first copy.
 * @param runs past runs, the newest last
 */
export function forecastRun(drive: string, runs: readonly RunRecord[]): RunForecast {
  const complete = runs.filter(({ outcome }) => outcome === 'success').toReversed();
  const last = complete.find((run) => run.drive === drive);
  const bytes = new Map<string, number>();
  for (const run of last === undefined ? complete : [last])
    for (const source of run.sources ?? [{ ...run, name: '' }]) {
      const expected = last === undefined ? source.bytesTotal : bytesOfLaterRun(source);
      if (expected !== null && !bytes.has(source.name)) bytes.set(source.name, expected);
    }
  return { lastTookMs: last?.tookMs ?? null, isFirst: last === undefined, bytes };
}

/** null for a run that copied every file: the next one does not. */
function bytesOfLaterRun({
  filesTransferred,
  filesTotal,
  bytesTransferred,
}: Pick<RunRecord, 'filesTransferred' | 'filesTotal' | 'bytesTransferred'>): number | null {
  return filesTransferred !== null && filesTotal !== null && filesTransferred >= filesTotal ? null : bytesTransferred;
}
