import { Command } from 'commander';
import { askPassword, askThroughSystemd } from '../keys/ask-password.ts';
import { withKeyLock } from '../keys/key-lock.ts';
import { addFstabLine } from '../keys/fstab.ts';
import { linkIdentity } from '../keys/link-identity.ts';
import { confirmFirstKey, rememberCheck } from '../keys/first-check.ts';
import { forbidCoreDumps } from '../keys/process-hygiene.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { buildKey, isKeyLoaded, loadKeys } from '../keys/unlock.ts';
import type { CliContext } from './cli-context.ts';

interface UnlockOptions {
  readonly passwordStdin?: true;
  readonly askSystemd?: true;
  readonly first?: true;
  readonly fstab?: true;
  readonly linkSsh?: true;
}

/** Builds the keys in RAM from the password. */
export function unlockCommand(context: CliContext): Command {
  return new Command('unlock')
    .description('build the keys in RAM from the password')
    .option('--password-stdin', 'read the password from standard input instead of asking')
    .option('--ask-systemd', 'let any agent of systemd-ask-password answer, for example the console')
    .option('--first', 'this is the first set-up: take the key although no check value is stored yet')
    .option('--fstab', 'also mount the ramfs at every boot, by a line in /etc/fstab')
    .option('--link-ssh', 'also make ~/.ssh/id_… a link to the decrypted ssh key')
    .addHelpText('after', '\nExample:\n  extbackup unlock')
    .action((options: UnlockOptions) => unlock(context, options));
}

async function unlock(context: CliContext, options: UnlockOptions): Promise<void> {
  const { paths, runCommand: run } = context;
  const config = await context.loadConfig();
  await forbidCoreDumps(run);
  await withKeyLock(paths, async () => {
    const station = { run, paths };
    if (options.passwordStdin !== true && (await isKeyLoaded(paths, config.key)) && config.key.check !== undefined) {
      context.print('The key is loaded already.');
    } else {
      const isFirst = config.key.check === undefined;
      const message = isFirst ? 'New password for the backup disks:' : 'Password of the backup disks:';
      const typed = options.askSystemd === true
        ? await askThroughSystemd(run, message, 10)
        : await askPassword({ message, fromStdin: options.passwordStdin === true, twice: isFirst });
      const key = await buildKey(paths, config.key, typed);
      try {
        if (isFirst && options.first !== true) await confirmFirstKey(context);
        const form = await loadKeys(station, config, key, !isFirst);
        if (isFirst) await rememberCheck(context.paths.config, config.key, key);
        context.print(form === 'absent' ? 'The LUKS key is loaded. There is no ssh key yet: extbackup setup' : 'The keys are loaded.');
        if (form !== 'absent' && form !== 'present') context.note('The ssh key is stored in an older form. Convert it when convenient: extbackup ssh-key convert');
      } finally {
        key.wipe();
      }
    }
    if (options.fstab === true) context.note(await addFstabLine('/etc/fstab', paths.ramfs));
    if (options.linkSsh === true) context.note(await linkIdentity(identityFile(paths, config.ssh)));
  });
}
