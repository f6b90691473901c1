import type { PullSource } from '../config/sources.ts';
import type { Guard } from '../guard/guard.ts';
import type { Before } from '../guard/limits.ts';
import { leastOf, recentRunsOf } from '../guard/recent-runs.ts';
import { serverName } from '../rsync/arguments.ts';
import { pullError, troubleOfDisk } from '../rsync/failure.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';

/**
 * What the limits of a pull are measured by: the least of the last complete runs. Where the registry knows of none, as
 * after an adoption or on a station that was set up anew, the files on the disk are counted. What the seal tells can only
 * make the limits tighter.
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
 * Counts the size of what is to be deleted; see {@link Guard.weigh}.
 * @param paths in the mirror of the source
 */
export async function weigh(
  watch: Guard,
  source: PullSource,
  paths: readonly Buffer[],
  machine: Machine,
  signal: AbortSignal,
): Promise<void> {
  watch.weigh(await onDisk(source, () => machine.sizesOf(source, paths, signal)));
}

/** A disk that fails is named as such. @throws PullError */
async function onDisk<T>(source: PullSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const trouble = troubleOfDisk(error);
    if (trouble === undefined) throw error;
    throw pullError(trouble, serverName(source), error);
  }
}
