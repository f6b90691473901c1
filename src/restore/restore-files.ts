import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Progress } from '../bus/events.ts';
import { ExtbackupError, PullError, UsageError } from '../errors.ts';
import { makeDeletedAgain } from '../history/make-again.ts';
import { removeCreated } from '../history/remove-created.ts';
import { makeWay } from '../system/make-way.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { partialDir } from '../rsync/arguments.ts';
import { createPullProgress } from '../rsync/progress.ts';
import { createLineSplitter } from '../rsync/output.ts';
import type { PutBack } from '../attributes/put-back.ts';
import { putBack } from '../attributes/put-back.ts';
import { linkAgain } from './link-again.ts';
import type { OwnerMap } from './owner-map.ts';
import { placesIn } from './restored-attributes.ts';
import { findMissing, findMissingKinds, nothingMissing, type Missing } from './what-is-missing.ts';
import type { Layer, OldAttributes, Version } from './restore-plan.ts';
import { shownText } from '../text/shown-name.ts';

/** Source, target and options of a restore. */
export interface RestoreOrder {
  /** Copied in this order: a later layer replaces files of an earlier one. */
  readonly layers: readonly Layer[];
  readonly target: string;
  readonly overwrite: boolean;
  /** Only list the files that would be copied. */
  readonly dryRun: boolean;
  /** undefined keeps the owners and groups on the disk. */
  readonly owners?: OwnerMap | undefined;
  onProgress(progress: Progress): void;
  /** A line about a file, with --dry-run. */
  onName(line: string): void;
}

/**
 * Copies files from an opened disk, with owner, mode, times, ACLs, extended attributes, hard links and holes.
 * @returns the files that are missing or incomplete
 * @throws UsageError when the target exists and must not be overwritten; PullError when rsync fails
 */
export async function restoreFiles(start: StartProgram, order: RestoreOrder, signal: AbortSignal): Promise<Missing> {
  const free = await isFree(order.target);
  if (!order.overwrite && !free)
    throw new UsageError(
      `${shownText(order.target)} exists already.`,
      'Name another directory with --to, or allow it to be changed: --overwrite',
    );
  if (!order.dryRun)
    await makeWay(dirname(order.target)).catch((error: unknown) => {
      throw unusable(order.target, error);
    });
  const missing = nothingMissing();
  for (const layer of order.layers) {
    if ('attributes' in layer) {
      if (!order.dryRun) await putBack(start, await attributesFor(layer, order, missing), signal);
    } else if ('log' in layer) {
      // Nothing is ever deleted in an existing directory.
      if (free && !order.dryRun)
        await removeCreated(
          { log: layer.log, root: Buffer.from(order.target), part: partOf(layer.part), onFile: () => undefined },
          signal,
        );
    } else if ('deletedBy' in layer) {
      if (!order.dryRun)
        await makeDeletedAgain(
          { log: layer.deletedBy, root: Buffer.from(order.target), part: partOf(layer.part) },
          signal,
        );
    } else await copy(start, layer, order, missing, signal);
  }
  if (free && !order.dryRun) await linkAgain(order.layers, order.target, signal);
  return missing;
}

async function attributesFor(
  layer: OldAttributes,
  { target, owners }: RestoreOrder,
  { attributes, unwritten }: Missing,
): Promise<PutBack> {
  return {
    ...(await placesIn(layer, target)),
    ...(owners && { owners }),
    onFile: () => undefined,
    onFailure: (place) => {
      if (!unwritten.has(place)) attributes.add(place);
    },
  };
}

const partOf = (path: string): Buffer => Buffer.from(path === '.' ? '' : path);

async function copy(
  start: StartProgram,
  layer: Version,
  order: RestoreOrder,
  missing: Missing,
  signal: AbortSignal,
): Promise<void> {
  const slash = layer.isDirectory ? '/' : '';
  const progress = createPullProgress({
    isFirst: true,
    onProgress: (told) => {
      order.onProgress(told);
    },
  });
  const split = createLineSplitter((line) => {
    if (order.dryRun)
      order.onName(line); // not parsed: a file name may look like a message
    else progress.see(line);
  });
  const what = [...ownersOf(order), '--', `${layer.path}${slash}`, `${order.target}${slash}`];
  try {
    const { exitCode } = await start({
      file: '/usr/bin/rsync',
      args: restoreArgs(what, order.dryRun),
      timeoutMs: 14 * 86_400_000,
      accept: [23],
      signal,
      onStdout: split,
    });
    split('\n');
    if (exitCode === 0 || order.dryRun) return;
    await findMissing(start, [...everything, ...what], missing, signal);
    if (layer.isDirectory) await findMissingKinds(layer.path, order.target, missing).catch(() => undefined); // unreadable
  } catch (cause) {
    throwIfCancelled(signal);
    const full = cause instanceof CommandError && cause.exitCode === 11;
    throw new PullError(
      'EXB_RESTORE',
      full
        ? 'The files could not be written: the target is full or reports errors.'
        : 'rsync failed while files were restored.',
      'Remove the cause, then run the same command with: --overwrite',
      cause,
    );
  }
}

const ownersOf = ({ owners }: RestoreOrder): readonly string[] => owners?.args ?? [];

const everything = [
  '--archive',
  '--hard-links',
  '--acls',
  '--xattrs',
  '--sparse',
  '--numeric-ids',
  `--exclude=${partialDir}/`,
];

/** Arguments of rsync for one layer. Layers differ in content, so files with equal size and time are copied, too. */
const restoreArgs = (what: readonly string[], dryRun: boolean): string[] => [
  ...everything,
  '--ignore-times',
  '--no-human-readable',
  ...(dryRun ? ['--dry-run', '--out-format=%n%L'] : ['--info=progress2,name0']),
  '--outbuf=Line',
  ...what,
];

/**
 * Whether the target does not exist or is an empty directory.
 * @throws UsageError for a link to a directory: root would write to the place where it leads
 */
async function isFree(target: string): Promise<boolean> {
  try {
    const about = await lstat(target);
    if (about.isSymbolicLink() && (await stat(target).catch(() => undefined))?.isDirectory() === true)
      throw new UsageError(
        `${shownText(target)} is a link to a directory; nothing is written through it.`,
        'Remove the link, or name another directory with --to',
      );
    return about.isDirectory() && (await readdir(target)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw unusable(target, error);
  }
}

/** An error of the target, which must not be taken for one of the disk. */
function unusable(target: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof ExtbackupError || code === undefined) return error;
  return new UsageError(
    `${shownText(target)} cannot be made or used (${code}).`,
    'Name a directory that can be written with --to',
    error,
  );
}
