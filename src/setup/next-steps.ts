import type { Config } from '../config/schema.ts';
import { setupCommands } from './setup-commands.ts';
import { hostsOf } from './settle-host-key.ts';

/** What is left to do after `setup`, for the operator. */
export function nextSteps(config: Config, hostKeyPinned: boolean): string[] {
  const hosts = hostsOf(config).map(({ host }) => host);
  return [
    'The station is set up, and its keys are loaded.',
    '',
    `Next, on ${hosts.length === 1 ? 'the backup server' : 'each backup server'}, once (as root):`,
    ...setupCommands(config, ' --directory /backups').map((line) => `  ${line}`),
    ...(hostKeyPinned
      ? []
      : [
          '',
          `The host key of ${hosts.length === 1 ? 'the server' : 'a server'} is not pinned yet. When it can be reached:`,
          '  extbackup setup --trust-host-key',
        ]),
    '',
    'Then the first disk:',
    '  extbackup drive prepare /dev/DISK --label BACKUP_1',
    '',
    'Remember the password: you need it after every boot, and it cannot be recovered.',
  ];
}
