import { Command } from 'commander';
import { noteLost, settleRekeyed } from '../keys/previous-keys.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { unknownLabel } from '../opening/find-volume.ts';
import { BusyError, CancelledError, UsageError } from '../errors.ts';
import { isOpen, mappingName } from '../disk/luks.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import { askYes } from '../terminal/ask-question.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { localDay } from '../text/local-time.ts';
import type { JsonOutput } from './json-output.ts';

interface StateOptions {
  readonly undo?: boolean;
  readonly json?: boolean;
}

const asJson = (label: string, state: JsonOutput<'drive lost'>['state'], { lastSuccess }: DriveRecord): string =>
  JSON.stringify({ version: 1, label, state, lastSuccess } satisfies JsonOutput<'drive lost'>);

/** Removes a disk from the list. */
export function driveForgetCommand(context: CliContext): Command {
  return new Command('forget')
    .description('remove a disk from the list; nothing on the disk is changed')
    .argument('<label>')
    .option('--yes', 'do not ask')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup drive forget BACKUP_1\n\nIt can be enrolled again with: extbackup drive adopt',
    )
    .action(async (label: string, options: { yes?: boolean; json?: boolean }) => {
      if (options.yes !== true) await agreeToForget(context, label);
      const record = await change(context, label, (drives, { luksUuid }) =>
        drives.filter((drive) => drive.luksUuid !== luksUuid),
      );
      await settleRekeyed(context.paths, [record.luksUuid]);
      context.print(options.json === true ? asJson(label, 'forgotten', record) : forgotten(record));
    });
}

/** Takes a disk out of the rotation. */
export function driveRetireCommand(context: CliContext): Command {
  return new Command('retire')
    .description('take a disk out of the rotation; its copy stays, and it is never overdue')
    .argument('<label>')
    .option('--undo', 'put the disk back into the rotation')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  extbackup drive retire BACKUP_1')
    .action(async (label: string, options: StateOptions) => {
      const state = options.undo === true ? 'active' : 'retired';
      const record = await setState(context, label, state);
      if (options.json === true) {
        context.print(asJson(label, state, record));
        return;
      }
      context.print(
        options.undo === true
          ? `Disk ${label} is in the rotation again.`
          : `Disk ${label} is retired: no run uses it, and it is never overdue. Its copy stays readable: ` +
              `extbackup mount ${label}\nTo take it back: extbackup drive retire ${label} --undo ; to prepare a ` +
              'replacement: extbackup drive prepare --help',
      );
    });
}

/** Notes that a disk was lost or stolen, and explains the consequences. */
export function driveLostCommand(context: CliContext): Command {
  return new Command('lost')
    .description('mark a disk as lost or stolen, and print what to do')
    .argument('<label>')
    .option('--undo', 'the disk was found again')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  extbackup drive lost BACKUP_2')
    .action(async (label: string, options: StateOptions) => {
      const state = options.undo === true ? 'active' : 'lost';
      const record = await setState(context, label, state);
      if (options.json === true) context.print(asJson(label, state, record));
      else context.print(options.undo === true ? found(record) : lost(record));
    });
}

/**
 * Asks first: nothing reports a forgotten disk, so a mistyped label would hardly be noticed.
 * @throws UsageError when nobody can be asked
 */
async function agreeToForget(context: CliContext, label: string): Promise<void> {
  requireRoot('work on disks');
  const drives = await createDriveRegistry(files.drives(context.paths)).list();
  const record = drives.find((drive) => drive.label === label);
  if (!record) throw unknownLabel(label, drives);
  if (!process.stdin.isTTY) throw new UsageError('There is no terminal to ask for confirmation.', 'Add: --yes');
  context.note(`Disk ${label}, in the list since ${localDay(record.enrolledAt)}. ${copyOf(record)}`);
  if (await askYes(`Forget ${label}? To take it out of the rotation only: extbackup drive retire ${label}.`)) return;
  throw new CancelledError('Cancelled.', 'The disk is still in the list.');
}

/** The consequences of forgetting a disk, and advice. */
export const forgotten = (record: DriveRecord): string =>
  [
    `Disk ${record.label} is forgotten: no command and no run opens it any more, and its label is free. ${copyOf(record)}`,
    'Its content is still there, and the password of this station still opens it. To enrol it again: ' +
      'extbackup drive adopt DEVICE ; to erase and reuse it: extbackup drive prepare DEVICE --label ' +
      record.label,
  ].join('\n');

const copyOf = ({ lastSuccess }: DriveRecord): string =>
  lastSuccess === null ? 'It never had a complete backup.' : `Its last backup: ${localDay(lastSuccess)}.`;

const found = ({ label }: DriveRecord): string =>
  `Disk ${label} is in the rotation again.\nIf somebody may have tampered with it, compare it with the ` +
  `server before you trust it: extbackup verify ${label} --against-server`;

/** The consequences of losing a disk, and advice. */
export function lost(record: DriveRecord): string {
  return [
    `Disk ${record.label} is noted as lost, and will not be opened if it turns up. ${copyOf(record)}`,
    'The disk is encrypted. Its key is stored on no disk: it is derived from the password and the salt of this station.',
    'What to do:',
    '  1. If the finder may also have the password, this station or its configuration: change the ' +
      'password, and with it the key of the other disks: extbackup key change . The lost disk keeps the ' +
      'old key.',
    '  2. If this station is gone too: remove its key from the authorized_keys on the backup server.',
    '  3. One offline copy is missing. Prepare another disk: extbackup drive prepare --help',
    `  4. If it is found again: extbackup drive lost ${record.label} --undo`,
  ].join('\n');
}

async function setState(context: CliContext, label: string, state: DriveRecord['state']): Promise<DriveRecord> {
  const record = await change(context, label, (drives, { luksUuid }) =>
    drives.map((drive) => (drive.luksUuid === luksUuid ? { ...drive, state } : drive)),
  );
  await noteLost(context.paths, record.luksUuid, state === 'lost');
  return record;
}

/** Changes the list for one disk that is not open. */
async function change(
  context: CliContext,
  label: string,
  how: (drives: readonly DriveRecord[], record: DriveRecord) => readonly DriveRecord[],
): Promise<DriveRecord> {
  requireRoot('work on disks');
  if (await isOpen(mappingName(label)))
    throw new BusyError(`Disk ${label} is open.`, 'Wait for the run, or close it with: extbackup release');
  const changed: DriveRecord[] = [];
  await createDriveRegistry(files.drives(context.paths)).update((drives) => {
    const record = drives.find((drive) => drive.label === label);
    if (!record) throw unknownLabel(label, drives);
    changed.push(record);
    return how(drives, record);
  });
  await nudgeAboutDrives(context.paths);
  const [record] = changed;
  if (!record) throw unknownLabel(label, []);
  return record;
}
