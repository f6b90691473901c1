import type { Failure, VerifiedFigures } from '../bus/events.ts';
import type { SourceResult, RunResult } from '../pipeline/job.ts';
import type { DriveRecord, Unparkable } from '../records/drive-record.ts';
import { goesOnWithServer } from '../rsync/failure.ts';
import type { HealthCheck } from './disk-health-check.ts';
import type { Parked } from './park-after-run.ts';
import type { RunOrder } from './run-queue.ts';

/** State of the disk: proven closed, not proven closed, or gone. */
export type DiskAfterRun = 'closed' | 'open' | 'gone';

/** A run that has ended, with everything to report and to record about it. */
export interface EndedRun {
  readonly order: RunOrder;
  readonly startedAt: Date;
  readonly tookMs: number;
  readonly disk: DiskAfterRun;
  readonly exitCode: number;
  readonly result: RunResult | undefined;
  /** The thrown error, if any. */
  readonly error: unknown;
  /** The same in words for the operator. */
  readonly failure: Failure | undefined;
  /** Number of the newest history entry before the run; undefined if unknown. */
  readonly position: number | undefined;
  /** Empty with a single source. */
  readonly sources: readonly SourceResult[];
  /** Names of the sources of other sets; their copies stay on the disk. */
  readonly elsewhere?: readonly string[];
  /** Room on the disk after earlier complete runs. */
  readonly rooms?: DriveRecord['rooms'];
  /** The try to park the disk; undefined when there was none. */
  readonly parked?: Parked | undefined;
  /** The registry's note about an earlier try that failed. */
  readonly unparkable?: Unparkable | undefined;
  /** undefined when the run ended before it found its disk. */
  readonly health: HealthCheck | undefined;
}

/** Whether the run goes on by itself when the server answers. */
export const waitsIn = ({ disk, failure, sources }: Pick<EndedRun, 'disk' | 'failure' | 'sources'>): boolean =>
  disk === 'closed' &&
  goesOnWithServer(
    failure?.code,
    sources.map(({ error }) => error?.code),
  );

/** Figures of reading back. */
export function verifiedFigures(result: RunResult | undefined): { readonly verified?: VerifiedFigures } {
  if (result?.verified === undefined) return {};
  const { compared, recorded, bytes, known } = result.verified;
  return { verified: { files: compared + recorded, bytes, damaged: known.damaged + known.unreadable } };
}
