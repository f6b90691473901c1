import type { PullSource } from '../config/sources.ts';
import { PullError } from '../errors.ts';
import { pullError } from '../rsync/failure.ts';
import { serverAt, serverName } from '../rsync/arguments.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import { askPatiently, type Tries } from './tries.ts';

/**
 * Checks, before the mirror is changed, that the required paths exist on the source: an unmounted file system on the
 * server looks like an empty directory, and may be too small for the guard's limits to notice.
 * @throws PullError
 */
export async function requirePaths(
  job: Job,
  source: PullSource,
  machine: Machine,
  tries: Tries,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, path] of source.requires.entries()) {
    const { filled, trouble, at } = await askPatiently(
      () => machine.isFilled(job.config, source, path, signal),
      tries,
      signal,
    );
    if (trouble !== undefined) throw pullError(trouble, serverAt(source, at), undefined);
    if (!filled) throw notThere(serverName(source), index, job.record.label);
  }
}

/** Names the entry by number, not by path, because messages contain no file names. */
const notThere = (server: string, index: number, label: string): PullError =>
  new PullError(
    'EXB_REQUIRED_MISSING',
    `Something that must be on ${server} is missing or empty (entry ${index + 1} of requires: in the settings); ` +
      `most likely a file system is not mounted there. Nothing on ${label} was changed.`,
    'Mount it on the server, then plug the disk in again or run: extbackup run. ' +
      'If it is gone for good, remove it from requires: in /etc/extbackup/config.yaml',
  );
