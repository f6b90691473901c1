import { resolve } from 'node:path';
import { Command } from 'commander';
import prettyBytes from 'pretty-bytes';
import type { Progress } from '../bus/events.ts';
import { cancellable } from '../drives/cancellable.ts';
import { isOnOwnDisk, restoreFiles } from '../drives/restore-files.ts';
import { findVersions, layersFor, pathInMirror, targetIn } from '../drives/restore-plan.ts';
import { listVersions } from '../drives/restore-list.ts';
import { withDisk } from '../drives/with-disk.ts';
import { exitCodes, UsageError } from '../errors.ts';
import { describeDuration } from '../notify/wording.ts';
import type { CliContext } from './cli-context.ts';
import { parseTime } from './parse-time.ts';

interface Options {
  readonly to?: string;
  readonly at?: Date;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  readonly list?: boolean;
}

/** Gets files back from a disk. */
export function restoreCommand(context: CliContext): Command {
  return new Command('restore')
    .description('get files back from a disk, as they were at the last backup or earlier')
    .argument('<label>', 'the disk; it must be plugged in')
    .argument('[path]', 'file or directory, relative to the directory that is backed up', '.')
    .option('--to <directory>', 'where to put it, under its own name')
    .option('--at <time>', 'as it was then, for example 2026-11-20 or 2026-11-20T12:00:00Z', parseTime)
    .option('--overwrite', 'change what is at the target already; nothing is deleted there')
    .option('--dry-run', 'only name what would be copied')
    .option('--list', 'show what is there, and from when')
    .addHelpText('after', '\nExample:\n  extbackup restore BACKUP_1 --list projects\n  extbackup restore BACKUP_1 projects/letter.odt --to /media/stick\n  extbackup restore BACKUP_1 projects --at 2026-11-20 --to /media/stick\n\nWith --at, what came later is left out; with --dry-run it is named, and with --overwrite it is copied too.')
    .action(async (label: string, path: string, options: Options) => {
      const inMirror = pathInMirror(path);
      await cancellable('The disk is closed. What was copied so far is there.', (signal) => (options.list === true ? list(context, label, inMirror, signal) : restore(context, label, inMirror, options, signal)));
    });
}

async function list(context: CliContext, label: string, path: string, signal: AbortSignal): Promise<void> {
  await withDisk(context.runCommand, context.paths, { label }, signal, async ({ top, mirror }) => {
    for (const line of await listVersions(await findVersions(top, mirror, path))) context.print(line);
  });
}

async function restore(context: CliContext, label: string, path: string, options: Options, signal: AbortSignal): Promise<void> {
  if (options.to === undefined) throw new UsageError('It is not said where the files are to go.', 'Add: --to DIRECTORY');
  const directory = resolve(options.to);
  const dryRun = options.dryRun === true;
  if (!dryRun && (await isOnOwnDisk(context.runCommand, directory))) context.note(`Warning: ${directory} is on this machine's own disk. The backup's content will stand there unencrypted; delete it when it is no longer needed.`);
  const { outcome, staysOpen } = await withDisk(context.runCommand, context.paths, { label }, signal, async ({ top, mirror, staysOpen }) => ({ staysOpen, outcome: await restoreFiles(context.runCommand, {
    layers: await layersFor(top, mirror, path, options.at),
    target: targetIn(directory, path),
    overwrite: options.overwrite === true,
    dryRun,
    onProgress: teller(context),
    onName: (line) => { context.print(line); },
  }, signal) }));
  if (dryRun) context.note('Nothing was copied.');
  else context.print(`Restored to ${targetIn(directory, path)}. Disk ${label} ${staysOpen ? 'stays open; close it with: extbackup umount' : 'is closed again.'}`);
  if (outcome === 'gaps') {
    context.note('Some files could not be read or written; all others were copied.');
    context.exitWith(exitCodes.gaps);
  }
}

/** One line every five seconds. */
function teller(context: CliContext): (progress: Progress) => void {
  let toldAt = Date.now();
  return ({ bytes, percent, etaSeconds }) => {
    if (Date.now() - toldAt < 5_000) return;
    toldAt = Date.now();
    context.note([prettyBytes(bytes), percent === undefined ? '' : `${percent} %`, etaSeconds === undefined ? '' : `about ${describeDuration(etaSeconds * 1000)} left`].filter((part) => part !== '').join(', '));
  };
}
