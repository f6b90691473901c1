import { realpath } from 'node:fs/promises';
import { Command } from 'commander';
import { adoptDrive } from '../prepare/adopt-drive.ts';
import { checkLabel } from '../prepare/candidate.ts';
import { cancellable } from '../terminal/cancellable.ts';
import { withDeviceLock } from '../opening/device-lock.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { enrol, without } from '../records/enrolment.ts';
import { volumeOfDevice } from '../opening/find-volume.ts';
import { KeyError } from '../errors.ts';
import { askPassword } from '../terminal/ask-password.ts';
import { withKeyLock } from '../keys/key-lock.ts';
import { readPreviousKeys } from '../keys/previous-keys.ts';
import { protectMemory } from '../keys/process-hygiene.ts';
import { rekeyDisk } from '../rekey/rekey-disk.ts';
import { requirePresentKey } from '../rekey/resume-change.ts';
import { listBlockDevices } from '../disk/block-devices.ts';
import { files } from '../system/paths.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import type { JsonOutput } from './json-output.ts';

/** Enrols a disk that was made by hand, or enrols one again. */
export function driveAdoptCommand(context: CliContext): Command {
  return new Command('adopt')
    .description('enrol an existing LUKS disk: one made by hand, or one of another station with the same key')
    .argument('<device>', 'its LUKS partition, or the disk, for example /dev/sdb1')
    .option('--label <label>', 'label of the disk; must equal its LABEL file, if there is one')
    .option('--old-key', 'the disk has the key of an earlier password: give it the present key first')
    .option('--password-stdin', 'with --old-key: read the old password from standard input instead of asking')
    .option('--json', 'print the enrolled disk as one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup drive adopt /dev/sdb1\n\nOnly a seal (.extbackup/seal.json) is written to the ' +
        'disk, and LABEL if it is missing; --old-key also replaces the keyslot.',
    )
    .action((device: string, options: Options) => adopt(context, device, options));
}

interface Options {
  readonly label?: string;
  readonly oldKey?: true;
  readonly passwordStdin?: true;
  readonly json?: true;
}

async function adopt(context: CliContext, typed: string, options: Options): Promise<void> {
  if (options.label !== undefined) checkLabel(options.label, 'ext4'); // before it is written into the disk
  if (options.oldKey === true) await giveThePresentKey(context, typed, options);
  const registry = createDriveRegistry(files.drives(context.paths));
  const record = await withDeviceLock(context.paths, () =>
    cancellable('The disk is closed and was not enrolled; run the same command again.', async (signal) => {
      const found = volumeOfDevice(typed, await follow(typed), await listBlockDevices(context.start));
      await registry.assertWritable();
      const { drives: enrolled } = await registry.read(); // a damaged registry is no obstacle: adopting is how it is rebuilt
      const known = enrolled.find(({ luksUuid }) => luksUuid === found.luksUuid);
      const taken = enrolled.filter((record) => record !== known).map(({ label }) => label);
      const adopted = await adoptDrive(context, { found, label: options.label, known, taken }, signal).catch(
        (error: unknown) => mayHaveOldKey(context, typed, error),
      );
      const aside = await registry.update((drives) => enrol(without(drives, [adopted]), adopted), { anew: true });
      if (aside.length > 0)
        context.note(
          `The damaged list of enrolled disks was set aside: ${aside.join(', ')}. Enrol every disk that is ` +
            'missing from: extbackup drive list',
        );
      return adopted;
    }),
  );
  await nudgeAboutDrives(context.paths);
  if (options.json === true) context.print(JSON.stringify(record satisfies JsonOutput<'drive adopt'>));
  else
    context.print(
      `Disk ${record.label} is enrolled and closed. LUKS UUID: ${record.luksUuid}\nThe first run starts ` +
        `with the next plug, or now with: extbackup run --drive ${record.label}`,
    );
}

/** Works for a disk that is not enrolled: it may date from the time of an earlier password. */
async function giveThePresentKey(context: CliContext, typed: string, options: Options): Promise<void> {
  const { paths, start } = context;
  await protectMemory(start);
  const password = await askPassword({
    message: `Old password of ${typed}:`,
    fromStdin: options.passwordStdin === true,
    twice: false,
  });
  try {
    await withKeyLock(paths, () =>
      withDeviceLock(paths, async () => {
        const config = await context.loadConfig();
        await requirePresentKey(paths, config.key);
        const { luksUuid, volume } = volumeOfDevice(typed, await follow(typed), await listBlockDevices(start));
        const changed = await rekeyDisk(
          context,
          config,
          { label: options.label ?? typed, luksUuid, device: volume.path },
          () => Promise.resolve(password),
        );
        context.note(
          changed
            ? `${typed} has the present key now; the old one does not open it any more.`
            : `${typed} has the present key already.`,
        );
      }),
    );
  } finally {
    password.wipe();
  }
}

/** Adds the advice --old-key to the error of a disk that does not open. */
async function mayHaveOldKey(context: CliContext, typed: string, error: unknown): Promise<never> {
  if (
    !(error instanceof KeyError) ||
    error.code !== 'EXB_KEY_REJECTED' ||
    (await readPreviousKeys(context.paths)).keys.length === 0
  )
    throw error;
  throw new KeyError(
    error.code,
    error.message,
    `If it has a key from before the password was changed: extbackup drive adopt ${typed} --old-key (it asks for the old password)`,
    error,
  );
}

async function follow(typed: string): Promise<string> {
  try {
    return await realpath(typed);
  } catch {
    return typed; // refused later, with a better message
  }
}
