import { realpath } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { checkLabel, chooseDisk, enrolledOn, looksUsed, type Wish } from '../prepare/candidate.ts';
import { inUseBy } from '../prepare/candidate-words.ts';
import { type FilesystemType } from '../disk/filesystem.ts';
import { filesystems } from '../disk/filesystem.ts';
import { cancellable } from '../terminal/cancellable.ts';
import { noted, tidyUpCutOff } from '../prepare/cut-off.ts';
import { describeDisk } from '../prepare/describe-disk.ts';
import { withDeviceLock } from '../opening/device-lock.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { hasBytes, isHeldByKernel } from '../disk/kernel-hold.ts';
import { enrol, without } from '../records/enrolment.ts';
import { toStdout } from '../prepare/header-copy.ts';
import { checkMeans, prepareDrive } from '../prepare/prepare-drive.ts';
import { surfaceChecks, type SurfaceCheck } from '../disk/surface-check.ts';
import { CancelledError, KeyError, UsageError } from '../errors.ts';
import { askLine } from '../terminal/ask-question.ts';
import { isKeyLoaded } from '../keys/unlock.ts';
import { listBlockDevices, type BlockDevice } from '../disk/block-devices.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import type { JsonOutput } from './json-output.ts';

/** The options of `drive prepare`. */
export interface PrepareOptions {
  readonly label: string;
  readonly fs: FilesystemType;
  readonly headerBackup?: string;
  readonly check?: SurfaceCheck | true;
  readonly replace?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Options for a preparation by another command. */
export interface PrepareManner {
  /** Whether a person can be asked; by default, whether there is a terminal. */
  readonly ask?: boolean;
  /** The option that erases a used disk without a question. */
  readonly eraseOption?: string;
  /** Leaves out the advice about the first run. */
  readonly isFollowedByRun?: boolean;
}

/** Makes a rotation disk of an empty one. */
export function drivePrepareCommand(context: CliContext): Command {
  return new Command('prepare')
    .description('erase a disk and make it a rotation disk: one partition, LUKS2, file system, LABEL')
    .argument('<device>', 'the whole disk, for example /dev/sdb or a link below /dev/disk/by-id')
    .requiredOption(
      '--label <label>',
      'name of the disk, up to 16 letters, digits, ".", "_", "-"; write it on the case, too',
    )
    .addOption(new Option('--fs <type>', 'file system').choices([...filesystems]).default('ext4'))
    .addOption(
      new Option('--check [how]', 'test every block first: read it, or write and read it; this takes hours').choices([
        ...surfaceChecks,
      ]),
    )
    .option(
      '--header-backup <file>',
      'copy the LUKS header to this new file, or to standard output with "-"; a disk with a damaged header is lost without it',
    )
    .option('--replace', 'accept an enrolled disk; its backup is lost')
    .option('--yes', 'do not ask; a disk in use, or of this system, is still refused')
    .option('--json', 'print the enrolled disk as one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup drive prepare /dev/sdb --label BACKUP_1\n  extbackup drive prepare /dev/sdb ' +
        '--label BACKUP_1 --check --header-backup - | ssh admin@server "cat > BACKUP_1.header"\n\nAn ' +
        'interrupted preparation can be run again.\nThe key must be loaded (extbackup unlock). The first run ' +
        'starts with the next plug-in, or with: extbackup run',
    )
    .action((device: string, options: PrepareOptions) => prepareDisk(context, device, options));
}

/**
 * Makes a rotation disk, after the same refusals and questions for every caller.
 * @param typed the name of the disk, as a person gives it
 * @throws UsageError, DriveError, BusyError, KeyError; CancelledError when the person does not confirm
 */
export async function prepareDisk(
  context: CliContext,
  typed: string,
  options: PrepareOptions,
  manner: PrepareManner = {},
): Promise<void> {
  requireRoot('work on disks');
  checkLabel(options.label, options.fs);
  if (options.json === true && options.headerBackup === toStdout)
    throw new UsageError('--json and --header-backup - both write to standard output.', 'Leave out one of them.');
  const order = {
    filesystem: options.fs,
    ...(options.headerBackup === undefined ? {} : { headerBackup: options.headerBackup }),
    ...(options.check === undefined ? {} : { check: options.check === true ? ('read' as const) : options.check }),
  };
  const wish: Wish = {
    typed,
    device: await follow(typed),
    label: options.label,
    filesystem: options.fs,
    replace: options.replace === true,
  };
  const registry = createDriveRegistry(files.drives(context.paths));
  for (const news of await withDeviceLock(context.paths, () => tidyUpCutOff(context.start, context.paths, wish.device)))
    context.note(news);
  const asked = await choose(context, wish, await registry.list());
  await checkMeans(context, order);
  await requireRightKey(context);
  await confirm(context, asked, options, manner);
  const fresh = await withDeviceLock(context.paths, () =>
    cancellable('The disk is closed and was not enrolled; run the same command again.', async (signal) => {
      await registry.assertWritable();
      const enrolled = await registry.list();
      const disk = await choose(context, wish, enrolled); // look again: the answer may have taken hours
      if (!isSameDisk(asked, disk))
        throw new UsageError(
          `${typed} is no longer the disk that you were asked about.`,
          'Run the same command again.',
        );
      const replaced = enrolledOn(disk, enrolled);
      if (replaced.length > 0) await registry.update((drives) => without(drives, replaced)); // from here on these disks hold no backup
      return noted(context.paths, { label: options.label, device: disk.path }, async () => {
        const filesKnown = Math.max(0, ...enrolled.map(({ filesTotal }) => filesTotal));
        const record = await prepareDrive(
          context,
          { ...order, writeOut, disk, label: options.label, filesKnown },
          signal,
        );
        await registry.update((drives) => enrol(drives, record));
        return record;
      });
    }),
  );
  await nudgeAboutDrives(context.paths);
  tellPrepared(context, fresh, options, manner);
}

function tellPrepared(
  context: CliContext,
  fresh: DriveRecord,
  { json, headerBackup }: PrepareOptions,
  { isFollowedByRun }: PrepareManner,
): void {
  const words =
    json === true
      ? JSON.stringify(fresh satisfies JsonOutput<'drive prepare'>)
      : summary(fresh, headerBackup, isFollowedByRun);
  if (headerBackup === toStdout) context.note(words);
  else context.print(words);
}

/** A disk made with a wrong key in RAM could not be opened with the password. */
async function requireRightKey(context: CliContext): Promise<void> {
  if (await isKeyLoaded(context.paths, (await context.loadConfig()).key)) return;
  throw new KeyError(
    'EXB_KEY_REJECTED',
    "The key in RAM does not belong to this station's password. Nothing was changed.",
    'Load it anew: extbackup lock, then: extbackup unlock',
  );
}

/** Follows links below /dev/disk. A missing name is refused later, with a list of the disks that exist. */
async function follow(typed: string): Promise<string> {
  try {
    return await realpath(typed);
  } catch {
    return typed;
  }
}

async function choose(context: CliContext, wish: Wish, enrolled: readonly DriveRecord[]): Promise<BlockDevice> {
  const disk = chooseDisk(wish, await listBlockDevices(context.start), enrolled);
  if (await isHeldByKernel(disk.path)) throw inUseBy(wish.typed);
  return disk;
}

const isSameDisk = (before: BlockDevice, now: BlockDevice): boolean =>
  before.serial === now.serial && before.sizeBytes === now.sizeBytes && before.model === now.model;

async function confirm(
  context: CliContext,
  disk: BlockDevice,
  options: PrepareOptions,
  { ask = process.stdin.isTTY, eraseOption = '--yes' }: PrepareManner,
): Promise<void> {
  for (const line of describeDisk(disk)) context.note(line);
  if (disk.transport !== 'usb')
    context.note(`${disk.path} is not connected by USB: plugging it in will not start a run.`);
  if (options.yes === true) return;
  const blank = !looksUsed(disk) && !(await hasBytes(disk.path));
  if (blank && !ask) return;
  context.note(blank ? 'It looks empty. EVERYTHING ON IT WILL BE ERASED.' : 'ALL OF THIS WILL BE ERASED.');
  if (!ask)
    throw new UsageError(
      `${disk.path} looks used, and nobody can be asked.`,
      `To erase everything on it, add: ${eraseOption}`,
    );
  const answer = await askLine(`To go on, type the new label (${options.label}):`);
  if (answer !== options.label)
    throw new CancelledError(
      'The label does not match. Nothing was changed.',
      'If it is the right disk, run the same command again.',
    );
}

const writeOut = (bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.on('error', reject); // the other end of the pipe may be gone
    process.stdout.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });

/** What is said of a new disk. */
export function summary(
  record: Pick<DriveRecord, 'label' | 'luksUuid'>,
  headerBackup: string | undefined,
  isFollowedByRun = false,
): string {
  return [
    `Disk ${record.label} is prepared, enrolled and closed. LUKS UUID: ${record.luksUuid}`,
    headerBackup === undefined
      ? 'A disk with a damaged LUKS header cannot be read. To make a copy of the header now, in RAM, and then move it to ' +
        `another machine: cryptsetup luksHeaderBackup UUID=${record.luksUuid} --header-backup-file /dev/shm/${record.label}.header`
      : `The copy of its LUKS header ${headerBackup === toStdout ? 'went to standard output' : `is in ${headerBackup}`}; ` +
        'keep it away from this machine.',
    ...(isFollowedByRun
      ? []
      : [`The first run starts with the next plug, or now with: extbackup run --drive ${record.label}`]),
  ].join('\n');
}
