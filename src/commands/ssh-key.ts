import { Command, Option } from 'commander';
import { withKeyLock } from '../keys/key-lock.ts';
import { withDeviceLock } from '../opening/device-lock.ts';
import { protectMemory } from '../keys/process-hygiene.ts';
import {
  convertContainer,
  finishRotation,
  isRotating,
  replaceLostKey,
  startRotation,
} from '../rekey/rotate-ssh-key.ts';
import { sshKeyTypes, type SshKeyType } from '../keys/ssh-key.ts';
import { setupCommands } from '../setup/setup-commands.ts';
import type { CliContext } from '../terminal/cli-context.ts';

interface RotateOptions {
  readonly keyType: SshKeyType;
  readonly lost?: true;
}

/** Everything about the ssh key that the station logs in with. */
export function sshKeyCommand(context: CliContext): Command {
  const station = { start: context.start, paths: context.paths };
  const command = new Command('ssh-key')
    .description('replace the ssh key, or encrypt its file in the current format')
    .addHelpText('after', '\nExample:\n  extbackup ssh-key rotate');
  command
    .command('rotate')
    .description('make a new ssh key; the second call, once the server accepts the key, puts it into use')
    .addOption(new Option('--key-type <type>', 'type of the new ssh key').choices(sshKeyTypes).default('ed25519'))
    .option('--lost', 'the old key is lost: use the new one at once')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup ssh-key rotate\n  extbackup server-setup | ssh root@backup.example.org sh\n  extbackup ssh-key rotate',
    )
    .action((options: RotateOptions) =>
      changing(context, async () => {
        const config = await context.loadConfig();
        const onServer = setupCommands(config)
          .map((line) => `  ${line}`)
          .join('\n');
        if (options.lost === true) {
          await replaceLostKey(station, config, options.keyType);
          context.print(`A new ssh key is in use. Tell the server, with the same --directory as before:\n${onServer}`);
        } else if (await isRotating(config.ssh)) {
          await finishRotation(station, config);
          context.print(
            `The new ssh key works and is in use. Remove the old one from the server, with the same --directory as before:\n${onServer}`,
          );
        } else {
          const line = await startRotation(station, config.ssh, options.keyType);
          context.print(
            `A new ssh key is made; the old one stays in use. Its public half:\n  ${line}\nTell the server, with ` +
              `the same --directory as before, then put it into use:\n${onServer}\n  extbackup ssh-key rotate`,
          );
        }
      }),
    );
  command
    .command('convert')
    .description(
      'encrypt the file of the ssh key in the current format: openssl enc -aes-256-cbc -pbkdf2 -iter 600000 -md sha256',
    )
    .addHelpText('after', '\nExample:\n  extbackup ssh-key convert')
    .action(() =>
      changing(context, async () => {
        const config = await context.loadConfig();
        await convertContainer(station, config.ssh);
        context.print(`${config.ssh.key} is in the current format now.`);
      }),
    );
  return command;
}

/** Runs `work` while no other process changes keys and no run uses them. */
async function changing(context: CliContext, work: () => Promise<void>): Promise<void> {
  await protectMemory(context.start);
  await withKeyLock(context.paths, () => withDeviceLock(context.paths, work));
}
