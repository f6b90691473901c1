import type { DrillStatus } from '../protocol/status.ts';
import { isInFuture } from './rotation.ts';

/** The facts of an enrolled disk that count for a drill. Times are ISO 8601, UTC. */
export interface DrilledDisk {
  readonly enrolledAt: string | null;
  readonly drilledAt?: string | null | undefined;
}

/**
 * When a sample of files was last restored, and whether that is too long ago. A time in the future comes from a clock
 * that was ahead, and does not count.
 * @param disks without retired ones
 * @param every setting `drill.every` in milliseconds; undefined expects no drill
 */
export function describeDrill(disks: readonly DrilledDisk[], every: number | undefined, now: Date): DrillStatus {
  const last = disks
    .flatMap(({ drilledAt }) => drilledAt ?? [])
    .filter((time) => !isInFuture(time, now))
    .sort()
    .at(-1);
  const since = last ?? disks.flatMap(({ enrolledAt }) => enrolledAt ?? []).sort()[0];
  return {
    everySeconds: every === undefined ? null : Math.round(every / 1000),
    last: last ?? null,
    overdue: every !== undefined && since !== undefined && now.getTime() - Date.parse(since) > every,
  };
}
