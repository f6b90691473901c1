import type { PullSource } from '../config/sources.ts';
import type { Guard } from '../guard/guard.ts';
import type { Before } from '../guard/limits.ts';
import { leastOf, recentRunsOf } from '../guard/recent-runs.ts';
import { serverName } from '../rsync/arguments.ts';
import { pullError, troubleOfDisk } from '../rsync/failure.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';

/**
 * The base of a pull's limits: the smallest figures of the last complete runs. If the registry knows none, as after an
 * adoption or on a newly set-up station, the files on the disk are counted. The figures in the seal can only make the
 * limits tighter.
 */
export async function baseOfGuard(
  { record, sealed }: Job,
  source: PullSource,
  machine: Machine,
  signal: AbortSignal,
): Promise<Before> {
  const known = recentRunsOf(record);
  if (!source.guard.enabled) return leastOf(known);
  const told = (source.name === undefined ? sealed?.recent : sealed?.sources?.[source.name]) ?? [];
  if (known.length > 0) return leastOf([...known, ...told]);
  const counted = await onDisk(source, () => machine.countMirror(source, signal));
  return counted.files === 0 ? leastOf([]) : leastOf([counted, ...told]);
}

/**
 * Adds up the size of the files to be deleted; see {@link Guard.weigh}.
 * @param paths in the mirror of the source
 */
export async function weigh(
  guard: Guard,
  source: PullSource,
  paths: readonly Buffer[],
  machine: Machine,
  signal: AbortSignal,
): Promise<void> {
  guard.weigh(await onDisk(source, () => machine.sizesOf(source, paths, signal)));
}

/** Reports a failing disk as such. @throws PullError */
async function onDisk<T>(source: PullSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const trouble = troubleOfDisk(error);
    if (trouble === undefined) throw error;
    throw pullError(trouble, serverName(source), error);
  }
}
