import { Command } from 'commander';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { chooseRecord, volumeOfRecord } from '../opening/find-volume.ts';
import { KeyError } from '../errors.ts';
import { askPassword } from '../terminal/ask-password.ts';
import { untilRight } from '../terminal/three-tries.ts';
import { offerHeaderBackup } from '../rekey/header-backup.ts';
import { withKeyLock } from '../keys/key-lock.ts';
import { withDeviceLock } from '../opening/device-lock.ts';
import { nudgeAgent } from '../protocol/nudge.ts';
import { protectMemory } from '../keys/process-hygiene.ts';
import { rekeyDisk } from '../rekey/rekey-disk.ts';
import { isKeyLoaded } from '../keys/unlock.ts';
import { listBlockDevices } from '../disk/block-devices.ts';
import { files } from '../system/paths.ts';
import type { Secret } from '../system/secret.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import type { JsonOutput } from './json-output.ts';

interface RekeyOptions {
  readonly passwordStdin?: true;
  readonly headerBackup?: string;
  readonly json?: boolean;
}

/** Gives a disk the key that is loaded now, after a password change while it was away. */
export function driveRekeyCommand(context: CliContext): Command {
  return new Command('rekey')
    .description('give a disk the present key, if it was away during a password change')
    .argument('[label]', 'the disk, if several are plugged in')
    .option('--password-stdin', 'read the old password from standard input instead of asking')
    .option(
      '--header-backup <dir>',
      'first save the LUKS header of the disk in this directory; the copy opens with the old password',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  extbackup drive rekey BACKUP_2')
    .action((label: string | undefined, options: RekeyOptions) => rekey(context, label, options));
}

/** The disk opens with none of the keys in RAM. */
class PasswordNeeded extends Error {
  readonly label: string;

  constructor(label: string) {
    super(`the old password of ${label} is needed`);
    this.label = label;
  }
}

async function rekey(context: CliContext, wanted: string | undefined, options: RekeyOptions): Promise<void> {
  const { paths, start } = context;
  const fromStdin = options.passwordStdin === true;
  await protectMemory(start);
  const headerBackup = await offerHeaderBackup(context, {
    directory: options.headerBackup,
    ask: !fromStdin && process.stdin.isTTY,
  });
  // Ask for the password without holding a lock: an open question must not delay a run or `lock`.
  const attempt = (ask: (label: string) => Promise<Secret>): Promise<void> =>
    withKeyLock(paths, () =>
      withDeviceLock(paths, async () => {
        const config = await context.loadConfig();
        if (!(await isKeyLoaded(paths, config.key)))
          throw new KeyError(
            'EXB_KEY_MISSING',
            'The present key is not loaded.',
            'Load it with the present password: extbackup unlock',
          );
        const disks = await listBlockDevices(start);
        const record = chooseRecord(wanted, await createDriveRegistry(files.drives(paths)).list(), disks);
        const { label, luksUuid } = record;
        const device = volumeOfRecord(record, disks).volume.path;
        const changed = await rekeyDisk(context, config, { label, luksUuid, device }, () => ask(label), headerBackup);
        context.print(
          options.json === true
            ? JSON.stringify({ version: 1, label, changed } satisfies JsonOutput<'drive rekey'>)
            : changed
              ? `Disk ${label} has the present key now; the old one does not open it any more.`
              : `Disk ${label} has the present key already.`,
        );
      }),
    );
  try {
    await attempt((label) => Promise.reject(new PasswordNeeded(label)));
  } catch (error) {
    if (!(error instanceof PasswordNeeded)) throw error;
    await untilRight(fromStdin, async () => {
      const typed = await askPassword({ message: `Old password of disk ${error.label}:`, fromStdin, twice: false });
      await attempt(() => Promise.resolve(typed));
    });
  }
  await nudgeAgent(paths, 'unlock'); // the disk may have waited for this key
}
