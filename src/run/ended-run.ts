import type { Failure, VerifiedFigures } from '../bus/events.ts';
import type { SourceResult, RunResult } from '../pipeline/job.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { HealthCheck } from './disk-health-check.ts';
import type { RunOrder } from './run-queue.ts';

/** What became of the disk: proven closed, not proven closed, or not there any more. */
export type DiskAfterRun = 'closed' | 'open' | 'gone';

/** A run that is over, with all that is told and written down of it. */
export interface EndedRun {
  readonly order: RunOrder;
  readonly startedAt: Date;
  readonly tookMs: number;
  readonly disk: DiskAfterRun;
  readonly exitCode: number;
  readonly result: RunResult | undefined;
  /** What was thrown; undefined when nothing was. */
  readonly error: unknown;
  /** The same as the operator reads it. */
  readonly failure: Failure | undefined;
  /** Number of the newest history entry before the run; undefined when it was not read. */
  readonly stand: number | undefined;
  /** Empty where there is only one source. */
  readonly sources: readonly SourceResult[];
  /** Room on the disk after earlier complete runs. */
  readonly rooms?: DriveRecord['rooms'];
  /** undefined when the run ended before it found its disk. */
  readonly health: HealthCheck | undefined;
}

/** What a run read back, in numbers. */
export function verifiedFigures(result: RunResult | undefined): { readonly verified?: VerifiedFigures } {
  if (result?.verified === undefined) return {};
  const { compared, recorded, bytes, known } = result.verified;
  return { verified: { files: compared + recorded, bytes, damaged: known.damaged + known.unreadable } };
}
