import prettyBytes from 'pretty-bytes';
import { PullError, type ExtbackupError } from '../errors.ts';
import type { Shortage } from '../disk/room.ts';
import { pullError } from '../rsync/failure.ts';
import { count, describeDuration } from '../text/wording.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import { localDay } from '../text/local-time.ts';

/**
 * Words for a full disk: the size of its history, the settings that keep it, and the advice. @param server USER@HOST
 */
export async function fullDisk(
  { config: { history }, record: { label, volumeBytes } }: Job,
  machine: Pick<Machine, 'historySize'>,
  shortage: Shortage | undefined,
  server: string,
  signal: AbortSignal,
): Promise<ExtbackupError> {
  const plain = pullError('disk-full', server, undefined);
  const happened =
    shortage === 'inodes'
      ? `${plain.message} It takes no more files (no inode is free), though it may have bytes left.`
      : plain.message;
  const size = history.enabled ? await machine.historySize(signal).catch(() => undefined) : undefined;
  if (size === undefined || size.entries === 0) return new PullError(plain.code, happened, plain.todo);
  const holds = size.bytes === undefined ? 'has' : `holds ${prettyBytes(size.bytes)} in`;
  const since = size.since === undefined ? '' : ` since ${localDay(size.since)}`;
  const stays =
    history.whenFull === 'stop'
      ? 'none of it is removed for lack of room (history.whenFull: stop)'
      : `entries younger than ${describeAge(history.keep.atLeast)} stay (history.keep.atLeast)`;
  const entries = size.entries === 1 ? '1 entry' : `${String(size.entries)} entries`;
  const less =
    history.whenFull === 'stop'
      ? 'extbackup config set history.whenFull prune'
      : `extbackup config set history.keep.atLeast ${shorter(history.keep.atLeast)}`;
  const isLittle = volumeBytes !== undefined && size.bytes !== undefined && size.bytes < volumeBytes * little;
  if (isLittle && shortage !== 'inodes')
    return new PullError(
      plain.code,
      `${happened} Its history ${holds} ${entries}${since}: to remove it would not help.`,
      plain.todo,
    );
  return new PullError(
    plain.code,
    `${happened} Its history ${holds} ${entries}${since}; ${stays}.`,
    `Keep less history: ${less} ; then: extbackup run --drive ${label} ; or use a larger disk: extbackup drive prepare --help`,
  );
}

/** A history of a smaller share of the disk frees no room that matters. */
const little = 0.01;

const dayMs = 86_400_000;

const describeAge = (ms: number): string => (ms >= dayMs ? count(Math.floor(ms / dayMs), 'day') : describeDuration(ms));

/** A quarter of the present time, in whole days, in the form of the settings. */
const shorter = (ms: number): string => `${String(Math.max(1, Math.floor(ms / dayMs / 4)))}d`;
