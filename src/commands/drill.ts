import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import prettyBytes from 'pretty-bytes';
import { PullError, UsageError } from '../errors.ts';
import { isOnOwnDisk } from '../disk/own-disk.ts';
import { withDisk } from '../opening/with-disk.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { noteRestore } from '../records/note-restore.ts';
import { drawSample } from '../restore/drill-sample.ts';
import { restoreSample, type DrillResult } from '../restore/drill.ts';
import { files } from '../system/paths.ts';
import { cancellable } from '../terminal/cancellable.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { everyFewSeconds } from '../terminal/every-few-seconds.ts';
import { shownText } from '../text/shown-name.ts';
import { count } from '../text/wording.ts';
import { serverAccess } from './ask-server.ts';
import { compareSample, type ServerCounts } from './drill-server.ts';
import type { JsonOutput } from './json-output.ts';
import { noteAction } from './note-action.ts';

interface Options {
  readonly to?: string;
  readonly files: number;
  readonly againstServer?: boolean;
  readonly json?: boolean;
}

const mebibyte = 1024 * 1024;
const most = { memory: 64 * mebibyte, directory: 1024 * mebibyte };

/** Restores a random sample of a disk and compares it. */
export function drillCommand(context: CliContext): Command {
  return new Command('drill')
    .description('restore a random sample of files from a disk, compare it, and remove it again')
    .argument('[label]', 'the disk, if several are plugged in')
    .option('--files <number>', 'number of files, a quarter of them from the history', parseNumber, 20)
    .option('--to <directory>', 'restore to this directory; without it, to memory')
    .option('--against-server', 'compare the files with the server, too; it must be reachable')
    .option('--json', 'print the counts as one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  extbackup drill BACKUP_1\n  extbackup drill BACKUP_1 --files 200 --to /media/stick\n' +
        '  extbackup drill BACKUP_1 --against-server\n\n' +
        'Each file is restored as "extbackup restore" does it, and compared with its checksum on the disk.\n' +
        'status and report show the date of the last good drill. With the setting drill.every they also say when one is due.',
    )
    .action(async (label: string | undefined, options: Options) => {
      const { name, result, server } = await drill(context, label, options);
      context.print(
        options.json === true
          ? JSON.stringify({ drive: name, ...result, server } satisfies JsonOutput<'drill'>)
          : describe(name, result, server),
      );
      if (result.bad > 0)
        throw new PullError(
          'EXB_DRILL',
          `${result.bad} of ${count(result.files, 'file')} could not be restored from ${name} as they were copied.`,
          `Read the whole disk, and write the names of damaged files to it: extbackup verify ${name}`,
        );
      if (server !== null && server.differing > 0)
        throw new PullError(
          'EXB_DIFFERS',
          `${count(server.differing, 'file')} of the sample from ${name} ${server.differing === 1 ? 'differs' : 'differ'} ` +
            'from the server in content, though size and time are equal.',
          `Compare more files, and write the names to the disk: extbackup verify ${name} --against-server`,
        );
    });
}

function parseNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1 || number > 10_000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 10000.');
  return number;
}

async function drill(
  context: CliContext,
  label: string | undefined,
  { to, files: wanted, againstServer }: Options,
): Promise<{ readonly name: string; readonly result: DrillResult; readonly server: ServerCounts | null }> {
  const tell = everyFewSeconds();
  const access = againstServer === true ? await serverAccess(context) : undefined;
  return cancellable('The restored files are removed, and the disk is closed.', (signal) =>
    withDisk(context.start, context.paths, { label }, signal, async (disk) => {
      const { record, top, mirror } = disk;
      const { room, bytes } = await makeRoom(context, to);
      try {
        context.note(`Choosing files of ${record.label}; this reads its directories.`);
        const sample = await drawSample(top, mirror, { files: wanted, bytes }, signal);
        if (sample.length === 0)
          throw new UsageError(
            `${record.label} has no file that fits into ${prettyBytes(bytes)}.`,
            'Restore to a directory with more room: --to DIRECTORY',
          );
        const result = await restoreSample(
          context.start,
          { top, mirror, room },
          sample,
          (done) => {
            tell(() => {
              context.note(`${done} of ${count(sample.length, 'file')}`);
            });
          },
          signal,
        );
        const server = access === undefined ? null : await compareSample(context, access, disk, sample, signal);
        if (result.bad === 0 && (server?.differing ?? 0) === 0) {
          await noteRestore(createDriveRegistry(files.drives(context.paths)), record.label, 'drilledAt', new Date());
          await nudgeAboutDrives(context.paths);
        }
        await noteAction(context, { kind: 'drill', drive: record.label, result: inShort(result, server) });
        return { name: record.label, result, server };
      } finally {
        await rm(room, { recursive: true, force: true });
      }
    }),
  );
}

/** A directory for the restored files, and their maximum size: a quarter of the free space. */
async function makeRoom(
  context: CliContext,
  to: string | undefined,
): Promise<{ readonly room: string; readonly bytes: number }> {
  const parent = to === undefined ? context.paths.run : resolve(to);
  if (to !== undefined && (await isOnOwnDisk(context.start, parent)))
    context.note(
      `Warning: ${shownText(parent)} is on this machine's own disk. The sample will be unencrypted there for a moment.`,
    );
  try {
    const { bsize, bavail } = await statfs(parent);
    const bytes = Math.min(to === undefined ? most.memory : most.directory, (bsize * bavail) / 4);
    await removeLeftovers(context.paths.run);
    return { room: await mkdtemp(join(parent, 'drill-')), bytes };
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `Nothing can be restored to ${shownText(parent)} (${code}).`,
      'Name another directory with --to.',
      error,
    );
  }
}

/** Removes the files of a killed drill. The device lock prevents two drills at the same time. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.startsWith('drill-')) await rm(join(directory, name), { recursive: true, force: true });
}

const inShort = ({ files: all, bad }: DrillResult, server: ServerCounts | null): string =>
  bad + (server?.differing ?? 0) === 0
    ? `${count(all, 'file')} restored, all right`
    : `${count(all, 'file')} restored, ${bad + (server?.differing ?? 0)} NOT right`;

function describe(name: string, result: DrillResult, server: ServerCounts | null): string {
  const { files: restored, bytes, fromHistory, recorded, bad, attributes, linked, sparse } = result;
  return [
    `${name}: ${count(restored, 'file')} restored and compared, ${fromHistory} of them from the history, ` +
      `${prettyBytes(bytes)} in all; ${linked} with hard links, ${sparse} with holes.`,
    `${count(recorded, 'file')} compared with the checksum of the time of copying, the others with the disk.`,
    ...(server === null
      ? []
      : [
          `${server.same} of ${count(server.asked, 'file')} are the same on the server, ${server.changedSince} changed ` +
            `there since, ${server.missing} are no longer there.`,
        ]),
    ...(attributes === 0
      ? []
      : [`${count(attributes, 'file')} with the right content, but not every attribute: the target cannot hold them.`]),
    bad === 0 && (server?.differing ?? 0) === 0
      ? 'All are right. The restored files are removed again.'
      : 'The restored files are removed again.',
  ].join('\n');
}
