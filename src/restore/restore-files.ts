import { lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Progress } from '../bus/events.ts';
import { PullError, UsageError } from '../errors.ts';
import { removeCreated } from '../history/remove-created.ts';
import { throwIfCancelled } from '../system/undo.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { partialDir } from '../rsync/arguments.ts';
import { createPullProgress } from '../rsync/progress.ts';
import { createLineSplitter } from '../rsync/output.ts';
import type { Layer, Version } from './restore-plan.ts';
import { shownText } from '../text/shown-name.ts';

/** Source, target and manner of a restore. */
export interface RestoreOrder {
  /** Copied in this order: a later layer replaces files of an earlier one. */
  readonly layers: readonly Layer[];
  readonly target: string;
  readonly overwrite: boolean;
  /** Only names what would be copied. */
  readonly dryRun: boolean;
  onProgress(progress: Progress): void;
  /** A line about a file, with --dry-run. */
  onName(line: string): void;
}

/**
 * Copies from an opened disk with everything that a file is: owner, mode, times, ACLs, attributes, hard links, holes.
 * @returns `gaps` when some files could not be copied
 * @throws UsageError when the target exists and must not be overwritten; PullError when rsync fails
 */
export async function restoreFiles(
  start: StartProgram,
  order: RestoreOrder,
  signal: AbortSignal,
): Promise<'complete' | 'gaps'> {
  const free = await isFree(order.target);
  if (!order.overwrite && !free)
    throw new UsageError(
      `${shownText(order.target)} exists already.`,
      'Name another directory with --to, or allow it to be changed: --overwrite',
    );
  if (!order.dryRun) await mkdir(dirname(order.target), { recursive: true });
  let outcome: 'complete' | 'gaps' = 'complete';
  for (const layer of order.layers) {
    if ('log' in layer) {
      // In a directory that was there before, nothing is ever deleted.
      if (free && !order.dryRun)
        await removeCreated(
          { log: layer.log, root: Buffer.from(order.target), part: partOf(layer.part), onFile: () => undefined },
          signal,
        );
    } else if ((await copy(start, layer, order, signal)) === 'gaps') outcome = 'gaps';
  }
  return outcome;
}

const partOf = (path: string): Buffer => Buffer.from(path === '.' ? '' : path);

async function copy(
  start: StartProgram,
  layer: Version,
  order: RestoreOrder,
  signal: AbortSignal,
): Promise<'complete' | 'gaps'> {
  const slash = layer.isDirectory ? '/' : '';
  const progress = createPullProgress({
    isFirst: true,
    onProgress: (told) => {
      order.onProgress(told);
    },
  });
  const split = createLineSplitter((line) => {
    if (order.dryRun)
      order.onName(line); // not parsed: a name may look like anything
    else progress.see(line);
  });
  try {
    const { exitCode } = await start({
      file: '/usr/bin/rsync',
      args: restoreArgs(`${layer.path}${slash}`, `${order.target}${slash}`, order.dryRun),
      timeoutMs: 14 * 86_400_000,
      accept: [23],
      signal,
      onStdout: split,
    });
    split('\n');
    return exitCode === 0 ? 'complete' : 'gaps';
  } catch (cause) {
    throwIfCancelled(signal);
    const full = cause instanceof CommandError && cause.exitCode === 11;
    throw new PullError(
      'EXB_RESTORE',
      full
        ? 'The files could not be written: the target is full or reports errors.'
        : 'rsync failed while files were restored.',
      'Remove the cause and run it again with: --overwrite',
      cause,
    );
  }
}

/** Arguments of rsync for one layer. Equal size and time do not make files equal: the layers differ in content. */
export const restoreArgs = (source: string, target: string, dryRun: boolean): string[] => [
  '--archive',
  '--ignore-times',
  '--hard-links',
  '--acls',
  '--xattrs',
  '--sparse',
  '--numeric-ids',
  `--exclude=${partialDir}/`,
  '--no-human-readable',
  ...(dryRun ? ['--dry-run', '--out-format=%n%L'] : ['--info=progress2,name0']),
  '--outbuf=Line',
  '--',
  source,
  target,
];

/** Whether the target does not exist or is an empty directory. */
async function isFree(target: string): Promise<boolean> {
  try {
    return (await lstat(target)).isDirectory() && (await readdir(target)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
