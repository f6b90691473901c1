import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import prettyBytes from 'pretty-bytes';
import type { Progress } from '../bus/events.ts';
import { cancellable } from '../terminal/cancellable.ts';
import { storedPath } from '../restore/stored-path.ts';
import { describeMissing } from '../restore/what-is-missing.ts';
import { readOwnerMap, type OwnerMap } from '../restore/owner-map.ts';
import { restoreFiles } from '../restore/restore-files.ts';
import { isOnOwnDisk } from '../disk/own-disk.ts';
import { layersFor, pathInMirror, targetIn } from '../restore/restore-plan.ts';
import { listPath, renderListing, type Listing } from '../restore/restore-list.ts';
import { shownLine, shownText } from '../text/shown-name.ts';
import { assertStillThere } from '../opening/disk-gone.ts';
import { withDisk, type OpenedDisk } from '../opening/with-disk.ts';
import { exitCodes, UsageError } from '../errors.ts';
import { count, describeDuration } from '../text/wording.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { noteRestore } from '../records/note-restore.ts';
import { createRunLog } from '../records/run-log.ts';
import { files } from '../system/paths.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { everyFewSeconds } from '../terminal/every-few-seconds.ts';
import type { JsonOutput } from './json-output.ts';
import { noteAction } from './note-action.ts';
import { futureNote, parseTime } from './parse-time.ts';
import { browse, type Picked } from './restore-browse.ts';
import { zoneName } from '../text/local-time.ts';

type Place = Pick<OpenedDisk, 'record' | 'top' | 'mirror'>;

interface Options {
  readonly to?: string;
  readonly at?: Date;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  readonly list?: boolean;
  readonly browse?: boolean;
  readonly json?: boolean;
  readonly chown?: string;
  readonly usermap?: string;
  readonly groupmap?: string;
  /** The values of the three options above, parsed. */
  readonly owners?: OwnerMap | undefined;
}

const examples = `
Examples:
  extbackup restore                                                       # browse and choose, at any date
  extbackup restore BACKUP_1 --list projects
  extbackup restore BACKUP_1 projects/letter.odt --to /media/stick
  extbackup restore BACKUP_1 projects --at 2026-11-20 --to /media/stick
  extbackup restore BACKUP_1 projects --to /home/anna --chown anna:anna

At a terminal, without --to and --list, you browse the disk, at any date, and restore what you choose.
With --at, files created later are left out; --dry-run names them, and --overwrite copies them, too.
A day without a time means its end, in local time.`;

/** Restores files from a disk. */
export function restoreCommand(context: CliContext): Command {
  return new Command('restore')
    .description('restore files from a disk, as of the last backup or an earlier date')
    .argument('[label]', 'the disk, if several are plugged in')
    .argument('[path]', 'file or directory, below the directory that is backed up', '.')
    .option('--to <directory>', 'target directory; the restored file or directory keeps its name')
    .option('--at <time>', 'the state at this time, for example 2026-11-20 or 2026-11-20T12:00:00Z', parseTime)
    .option('--browse', 'browse the disk and choose (needs a terminal)')
    .option('--chown <user:group>', 'owner and group of all restored files, by name or number')
    .option('--usermap <map>', 'new owners for owner numbers on the disk, for example 1000:anna,1001-1999:nobody')
    .option('--groupmap <map>', 'the same for groups')
    .option('--overwrite', 'replace existing files at the target; nothing is deleted there')
    .option('--dry-run', 'only list the files that would be copied')
    .option('--list', 'list files and their versions')
    .option('--json', 'with --list: one JSON array')
    .addHelpText('after', examples)
    .action(async (label: string | undefined, path: string, given: Options) => {
      const wanted = pathInMirror(path);
      const isBrowsing = isToBrowse(given);
      const future = futureNote(given.at, new Date());
      if (future !== undefined) context.note(future);
      const options = { ...given, owners: await ownersFor(context, given) };
      await cancellable('The disk is closed.', async (signal) => {
        const { record, staysOpen, done } = await withDisk(
          context.start,
          context.paths,
          { label },
          signal,
          async (disk) => {
            const inMirror = await storedPath(disk.top, disk.mirror, wanted);
            if (isBrowsing) return { ...disk, done: await browseDisk(context, disk, inMirror, options, signal) };
            if (options.list !== true)
              return {
                ...disk,
                done: await restore(
                  context,
                  disk,
                  {
                    path: inMirror,
                    at: options.at,
                    directory: resolve(options.to ?? ''),
                    overwrite: options.overwrite === true,
                  },
                  options,
                  signal,
                ),
              };
            printListing(context, await listPath(disk.top, disk.mirror, inMirror, options.at), options.json === true);
            return { ...disk, done: undefined };
          },
        );
        if (done !== undefined)
          context.print(
            `${done === '' ? '' : `${done} `}Disk ${record.label} ` +
              (staysOpen ? 'stays open; close it with: extbackup umount' : 'is closed again.'),
          );
      });
    });
}

/** @throws UsageError when the options do not go together */
function isToBrowse({ list, browse: isWanted, to, json }: Options): boolean {
  if (json === true && list !== true) throw new UsageError('--json needs --list.', 'Add: --list');
  if (list === true && isWanted === true)
    throw new UsageError('--list does not go with --browse.', 'Leave out one of them.');
  const isBrowsing = isWanted === true || (list !== true && to === undefined);
  if (isBrowsing && !(process.stdin.isTTY && process.stderr.isTTY))
    throw isWanted === true
      ? new UsageError('--browse needs a terminal.', 'List the content with: --list')
      : new UsageError('Name the directory for the restored files.', 'Add: --to DIRECTORY');
  return isBrowsing;
}

function printListing(context: CliContext, listing: Listing, json: boolean): void {
  if (json) {
    const entries = listing.entries.map(({ changedAt, until, ...entry }) => ({
      ...entry,
      changedAt: changedAt?.toISOString() ?? null,
      until: until?.toISOString() ?? null,
    }));
    context.print(JSON.stringify(entries satisfies JsonOutput<'restore --list'>));
    return;
  }
  context.note(`Times are those of ${zoneName()}.`);
  for (const line of renderListing(listing)) context.print(line);
}

async function ownersFor(context: CliContext, options: Options): Promise<OwnerMap | undefined> {
  const { chown, usermap, groupmap } = options;
  return chown === undefined && usermap === undefined && groupmap === undefined
    ? undefined
    : readOwnerMap(context.start, options);
}

async function browseDisk(
  context: CliContext,
  { record, top, mirror }: OpenedDisk,
  path: string,
  options: Options,
  signal: AbortSignal,
): Promise<string> {
  const runs = await createRunLog(files.runs(context.paths))
    .list()
    .catch(() => []); // without the run log, the dates of one run are not grouped
  await browse(
    { label: record.label, top, mirror, runs: runs.filter(({ drive }) => drive === record.label) },
    {
      path,
      at: options.at,
      to: options.to,
      overwrite: options.overwrite === true,
      restore: async (pick) => {
        const done = await restore(context, { record, top, mirror }, pick, options, signal);
        if (done !== undefined) context.note(done);
      },
      note: (text) => {
        context.note(text);
      },
    },
    signal,
  );
  return '';
}

/** @returns the message for the operator; undefined after --dry-run */
async function restore(
  context: CliContext,
  { record, top, mirror }: Place,
  { path, at, directory, overwrite }: Picked,
  options: Options,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { dryRun = false } = options;
  if (!dryRun && (await isOnOwnDisk(context.start, directory)))
    context.note(
      `Warning: ${shownText(directory)} is on this machine's own disk. The files will be unencrypted ` +
        'there; delete them when they are no longer needed.',
    );
  const target = targetIn(await realpath(directory).catch(() => directory), path); // a link that was typed is followed
  const missing = await restoreFiles(
    context.start,
    {
      layers: await layersFor(top, mirror, path, at),
      target,
      overwrite,
      dryRun,
      owners: options.owners,
      onProgress: teller(context),
      onName: (line) => {
        context.print(shownLine(line));
      },
    },
    signal,
  );
  const isWhole = missing.unwritten.size + missing.attributes.size === 0;
  if (!isWhole) await assertStillThere(context.start, record, { signal });
  for (const line of describeMissing(missing)) context.note(line);
  if (!isWhole) context.exitWith(exitCodes.gaps);
  if (dryRun) {
    context.note('Nothing was copied.');
    return undefined;
  }
  const result = isWhole ? 'complete' : `without ${count(missing.unwritten.size + missing.attributes.size, 'file')}`;
  await noteAction(context, { kind: 'restore', drive: record.label, result });
  if (isWhole)
    await noteRestore(createDriveRegistry(files.drives(context.paths)), record.label, 'restoredAt', new Date());
  if (options.owners === undefined)
    context.note(
      'Owners and groups have the numbers of the server; change them with --chown, or --usermap and --groupmap.',
    );
  return `Restored to ${shownText(target)}.`;
}

function teller(context: CliContext): (progress: Progress) => void {
  const tell = everyFewSeconds();
  return ({ bytes, percent, etaSeconds }) => {
    tell(() => {
      context.note(
        [
          prettyBytes(bytes),
          percent === undefined ? '' : `${percent} %`,
          etaSeconds === undefined ? '' : `about ${describeDuration(etaSeconds * 1000)} left`,
        ]
          .filter((part) => part !== '')
          .join(', '),
      );
    });
  };
}
