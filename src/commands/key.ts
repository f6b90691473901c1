import { totalmem } from 'node:os';
import { Command } from 'commander';
import { askPassword, newPassword } from '../terminal/ask-password.ts';
import { changePassword } from '../rekey/change-password.ts';
import { chooseScryptParameters, scryptParametersWithin } from '../keys/derivation.ts';
import { offerHeaderBackup } from '../rekey/header-backup.ts';
import { withKeyLock } from '../keys/key-lock.ts';
import { withDeviceLock } from '../opening/device-lock.ts';
import { protectMemory } from '../keys/process-hygiene.ts';
import { resumePasswordChange } from '../rekey/resume-change.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { toBytes } from './to-bytes.ts';

interface ChangeOptions {
  readonly passwordStdin?: true;
  readonly headerBackup?: string;
  readonly scryptMemory?: number;
}

/** Everything about the key of the disks. */
export function keyCommand(context: CliContext): Command {
  const command = new Command('key')
    .description('change the password of the backup disks')
    .addHelpText('after', '\nExample:\n  extbackup key change');
  command
    .command('change')
    .description(
      'set a new password; plugged disks and the ssh key get the new key at once, other disks later with drive rekey',
    )
    .option('--password-stdin', 'read the new password from standard input instead of asking')
    .option(
      '--header-backup <dir>',
      'first save the LUKS header of each disk in this directory; the copy opens with the old password',
    )
    .option(
      '--scrypt-memory <size>',
      'memory for the key derivation, for example 64M (default: a quarter of the machine, at most 1G)',
      toBytes,
    )
    .addHelpText('after', '\nExample:\n  extbackup key change --header-backup /root/headers')
    .action((options: ChangeOptions) => change(context, options));
  return command;
}

async function change(context: CliContext, options: ChangeOptions): Promise<void> {
  const { paths, start } = context;
  const fromStdin = options.passwordStdin === true;
  await protectMemory(start);
  await withKeyLock(paths, () => withDeviceLock(paths, () => resumePasswordChange(context)));
  // Asked before the locks are taken: an open question must not delay a run.
  const headerBackup = await offerHeaderBackup(context, {
    directory: options.headerBackup,
    ask: !fromStdin && process.stdin.isTTY,
  });
  const typed = await askPassword({ ...newPassword, fromStdin });
  await withKeyLock(paths, () =>
    withDeviceLock(paths, async () => {
      const left = await changePassword(context, await context.loadConfig(), {
        typed,
        scrypt:
          options.scryptMemory === undefined
            ? chooseScryptParameters(totalmem())
            : scryptParametersWithin(options.scryptMemory),
        headerBackup,
      });
      context.print('The password is changed, and the keys are loaded.');
      context.print(
        'There is a new salt with it. Print a new recovery sheet, and keep the old one until every disk has the',
      );
      context.print('new key: extbackup recovery-sheet ; then: extbackup recovery-sheet --confirm');
      if (left.length > 0) {
        context.print(
          'These disks still have an old key. Plug each one in and give it the new key; keep the old password until then:',
        );
        for (const label of left) context.print(`  extbackup drive rekey ${label}`);
      }
    }),
  );
}
