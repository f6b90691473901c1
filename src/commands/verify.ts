import { basename, join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import prettyBytes from 'pretty-bytes';
import { damageFile } from '../verify/bad-files.ts';
import { cancellable } from '../terminal/cancellable.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { unknownHealth } from '../records/disk-health.ts';
import { damageAdvice } from '../verify/damage-words.ts';
import { describeBad } from '../verify/damage-words.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { verifyDisk, type DiskVerdict } from '../verify/verify-disk.ts';
import { throwIfCutOff } from '../verify/verify-tree.ts';
import { withDisk } from '../opening/with-disk.ts';
import { PullError, UsageError } from '../errors.ts';
import { count } from '../text/wording.ts';
import { isThere } from '../system/is-there.ts';
import { waitOnceForRemoval } from '../disk/gone-soon.ts';
import { files } from '../system/paths.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { everyFewSeconds } from '../terminal/every-few-seconds.ts';
import { verifyAgainstServer } from './verify-against-server.ts';
import { spanUpTo } from './parse-span.ts';
import type { JsonOutput } from './json-output.ts';

interface Options {
  readonly for?: number;
  readonly repair?: boolean;
  readonly json?: boolean;
  readonly againstServer?: boolean;
  readonly sample?: number;
}

/** Reads a disk back and compares. */
export function verifyCommand(context: CliContext): Command {
  return new Command('verify')
    .description('read a disk back and compare every file with its checksum on the disk')
    .argument('[label]', 'the disk, if several are plugged in')
    .option('--for <time>', 'stop after this time; the next call or run continues there', spanUpTo('24d'))
    .option('--repair', 'make the next run copy damaged files again')
    .option('--against-server', 'compare a random sample with the server')
    .option('--sample <share>', 'share of the files to compare (default: 1%)', share)
    .option('--json', 'print the counts as one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  extbackup verify BACKUP_1 --for 30m\n  extbackup verify BACKUP_1 --against-server ' +
        '--sample 5%\n\nThe first reading of a file records its checksum, later ones compare it; a run reads ' +
        `the files that it copied while time allows. Damaged files are named in ${damageFile} on the disk, ` +
        'nowhere else.',
    )
    .action((label: string | undefined, options: Options) => {
      if (options.againstServer !== true && options.sample !== undefined)
        throw new UsageError(
          '--sample needs --against-server.',
          'To read only a part of the disk: extbackup verify --for 30m',
        );
      if (options.againstServer === true && options.for !== undefined)
        throw new UsageError('--for cannot be combined with --against-server.', 'Choose the share with: --sample 5%');
      return options.againstServer === true
        ? verifyAgainstServer(context, label, { ...options, sample: options.sample ?? 0.01 })
        : verify(context, label, options);
    });
}

async function verify(context: CliContext, label: string | undefined, options: Options): Promise<void> {
  const started = performance.now();
  const tell = everyFewSeconds();
  const { name, verdict } = await cancellable('The disk is closed; the checksums read so far are kept.', (signal) =>
    withDisk(
      context.start,
      context.paths,
      { label, writable: true },
      signal,
      async ({ record, top, mirror, device }) => {
        const found = await verifyDisk(
          context.start,
          {
            top,
            mirror,
            repair: options.repair === true,
            ...(device !== undefined && {
              isThere: waitOnceForRemoval(() => isThere(join('/sys/class/block', basename(device))), signal),
            }),
            ...(options.for === undefined ? {} : { part: { limitMs: options.for } }),
            onProgress: ({ files: done, bytes }) => {
              tell(() => {
                context.note(
                  `${count(done, 'file')}, ${prettyBytes(bytes)}, ${prettyBytes((bytes * 1000) / (performance.now() - started))}/s`,
                );
              });
            },
          },
          signal,
        );
        await noteHealth(context, record.luksUuid, found);
        throwIfCutOff(found, signal);
        return { name: record.label, verdict: found };
      },
    ),
  );
  const { compared, recorded, bytes, known, complete } = verdict;
  context.print(
    options.json === true
      ? JSON.stringify({ drive: name, compared, recorded, bytes, ...known, complete } satisfies JsonOutput<'verify'>)
      : describe(name, verdict),
  );
  if (known.damaged + known.unreadable === 0) return;
  const advice =
    options.repair === true
      ? `They are named in ${damageFile} on the disk. The next run copies them again: extbackup run. Replace ` +
        'the disk if more files are damaged.'
      : damageAdvice(name);
  throw new PullError('EXB_DAMAGED', describeBad(name, known), advice);
}

/** Writes the result into the record of the disk. */
async function noteHealth(context: CliContext, luksUuid: string, { known }: DiskVerdict): Promise<void> {
  await createDriveRegistry(files.drives(context.paths)).update((drives) =>
    drives.map((drive) =>
      drive.luksUuid === luksUuid
        ? { ...drive, health: { ...(drive.health ?? unknownHealth), ...known, checkedAt: new Date().toISOString() } }
        : drive,
    ),
  );
  await nudgeAboutDrives(context.paths);
}

function describe(name: string, { compared, recorded, bytes, complete }: DiskVerdict): string {
  return [
    `Disk ${name}: ${count(compared, 'file')} compared, ${count(recorded, 'file')} read for the first ` +
      `time or since they changed, ${prettyBytes(bytes)} in all.`,
    complete
      ? 'The mirror was read to its end.'
      : 'The time is up; the next verification with --for, or the next run, continues from there.',
  ].join('\n');
}

function share(text: string): number {
  const value = /^\d{1,3}(?:\.\d+)?\s*%$/.test(text) ? Number.parseFloat(text) / 100 : 0;
  if (value <= 0 || value > 1) throw new InvalidArgumentError('It must be a share such as 5%.');
  return value;
}
